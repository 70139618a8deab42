import { locks } from '../handover/locks.mjs';

const redis = { store: 'redis' };

/** The caches, which also load through. All but these are clients with JSON. */
const caches = [
    { id: 'ours', label: 'MemcachedCache', kind: 'cache', setting: { maxSize: 1000 } },
    { id: 'bentocache', label: 'bentocache, Redis alone', kind: 'bentocache', setting: {}, ...redis },
    { id: 'cacheable', label: 'cacheable, Redis alone', kind: 'cacheable', setting: {}, ...redis },
];

/** The caches with a cache of their own in the process, which answers hits without the server. */
const memoryFirst = caches
    .filter(({ store }) => store === 'redis')
    .map(({ kind }) => ({
        ...redis,
        id: `${kind}-memory`,
        label: `${kind}, memory first`,
        kind,
        setting: { isMemoryFirst: true },
    }));

const clients = [
    { id: 'client', label: 'MemcachedClient', kind: 'ours-json', setting: { poolSize: 5 } },
    { id: 'ioredis', label: 'ioredis', kind: 'ioredis', setting: {}, ...redis },
    {
        id: 'ioredis-auto',
        label: 'ioredis, auto-pipelining',
        kind: 'ioredis',
        setting: { isAutoPipelining: true },
        ...redis,
    },
    { id: 'node-redis', label: 'node-redis', kind: 'node-redis', setting: {}, ...redis },
    {
        id: 'node-redis-bare',
        label: 'node-redis, no timeout',
        kind: 'node-redis',
        setting: { hasTimeout: false },
        ...redis,
    },
    { id: 'valkey-glide', label: 'valkey-glide', kind: 'valkey-glide', setting: {}, ...redis },
];

const freeLocks = Object.entries(locks).map(([name, { label, store }]) => ({
    id: name,
    label,
    kind: 'handover-lock',
    setting: { name },
    store,
}));

/** Returns the contenders of a case. Each `tag` gives a contender separate keys. */
export function contendersFor(scenario) {
    const all = contendersOf(scenario);
    return all.map((contender, i) => ({
        ...contender,
        tag: 'abcdefghijkl'[i],
        setting: { ...contender.setting, isLoadThrough: scenario.isLoadThrough },
    }));
}

function contendersOf({ verb, isLoadThrough, inFlight, valueBytes }) {
    if (verb === 'lock') return freeLocks;
    if (isLoadThrough) return [...caches, ...memoryFirst];
    const [ours, ...others] = caches;
    const all = [ours, ...clients, ...others];
    return verb === 'get' && inFlight > 1 && valueBytes <= 100 ? [...all, ...memoryFirst] : all;
}

/** Returns whether a contender asks Redis for each value. */
export const asksRedis = ({ id }) =>
    [...caches, ...clients, ...freeLocks].some(each => each.id === id && each.store === 'redis');

/** The locks that wait, each with its defaults and with the longest pause of MemcachedLock. */
export const waitingLocks = [
    { name: 'ours', pause: 'default: up to 100 ± 50 ms' },
    { name: 'redlock', pause: 'default: 200 ± 100 ms, 10 times' },
    { name: 'redis-semaphore', pause: 'default: 10 ms' },
    { name: 'redlock', intervalMs: 100, pause: '100 ± 50 ms' },
    { name: 'redis-semaphore', intervalMs: 100, pause: '100 ms' },
];

/** The packages under a stampede. An application with a client loads by hand. */
export const loaders = [...caches, { ...clients[1], label: 'ioredis: get, load, set' }];
