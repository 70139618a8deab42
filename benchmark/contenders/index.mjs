/**
 * The modules of the contenders. A client module exports `connect(port, setting)`, which resolves
 * to an object with
 *
 * - `encode(text)`: the text in the form that the client stores at the least cost
 * - `get(key)`, `set(key, value)`, `getMany(keys)`: the client's own promise, or a thin wrapper of
 *   its callback
 * - `value(result)`: the value in the result of `get`, null or undefined for a miss
 * - `isStored(result)`: whether `set` has stored the value
 * - `isRight(result)`, if `value` is expensive: a cheap check of the result of `get`
 * - `item(result, key, position)`: one value in the result of `getMany`
 * - `isRightMany(result, keys)`, if `item` is expensive
 * - `setMany(pairs)`
 * - `load(key, loader)`: reads the value, or loads and stores it
 * - `isInPlace: false` if keys have other names in the server
 * - `close()`
 *
 * A module for locks has `lock(key)` and `close()`, and for the check `acquire(key)` and
 * `release(key)`. `lock` acquires a free lock, releases it, and resolves to true if both succeed.
 * `acquire` tries once. `storedKey(key)`, if it differs, is the key in the server.
 *
 * A rival and the floor also export `variants` and `settingFor(scenario)`. The latter returns the
 * variant that is best according to `calibrate.mjs`.
 */
export const drivers = {
    ours: () => import('./ours.mjs'),
    memjs: () => import('./memjs.mjs'),
    memcached: () => import('./memcached.mjs'),
    'memcache-client': () => import('./memcache-client.mjs'),
    memcache: () => import('./memcache.mjs'),
    floor: () => import('./floor.mjs'),
    cache: () => import('./cache.mjs'),
    'ours-json': () => import('./ours-json.mjs'),
    'memcached-json': () => import('./memcached-json.mjs'),
    lock: () => import('./lock.mjs'),
    'memcached-add': () => import('./memcached-add.mjs'),
    ioredis: () => import('./ioredis.mjs'),
    'node-redis': () => import('./node-redis.mjs'),
    'valkey-glide': () => import('./valkey-glide.mjs'),
    bentocache: () => import('./bentocache.mjs'),
    cacheable: () => import('./cacheable.mjs'),
    'handover-lock': () => import('./handover-lock.mjs'),
};

export const clientRivals = ['memjs', 'memcached', 'memcache-client', 'memcache'];
export const rivals = [...clientRivals, 'memcached-json', 'memcached-add', 'store-loop'];

/**
 * The contenders for a cache, with the bare client as the floor. The difference is JSON, keys,
 * expiries and the tracking of stored keys.
 */
const cacheContenders = [
    { id: 'cache-0', label: 'cache, max_size 0', kind: 'cache', tag: 'a', setting: { maxSize: 0 } },
    { id: 'cache-1000', label: 'cache, max_size 1000', kind: 'cache', tag: 'b', setting: { maxSize: 1000 } },
    { id: 'memcached-json', label: 'memcached, JSON, pool of 5', kind: 'memcached-json', tag: 'c', setting: {} },
    { id: 'json', label: 'the bare client and JSON', kind: 'ours-json', tag: 'd', setting: { poolSize: 5 } },
    { id: 'floor', label: 'the bare client', kind: 'ours', tag: 'e', setting: { poolSize: 5 } },
];

const loadThrough = {
    id: 'cache-load',
    label: 'cache, retrieveOrLoad, max_size 0',
    kind: 'cache',
    tag: 'f',
    setting: { maxSize: 0, isLoadThrough: true },
};
/** The contenders for TLS, with the same client without TLS as the floor. */
const tlsContenders = [
    { id: 'ours-tls-1', label: 'TLS, pool of 1', kind: 'ours', tag: 'a', setting: { poolSize: 1, isTls: true } },
    { id: 'ours-tls-5', label: 'TLS, pool of 5', kind: 'ours', tag: 'b', setting: { poolSize: 5, isTls: true } },
    { id: 'ours-plain', label: 'without TLS, pool of 1', kind: 'ours', tag: 'c', setting: { poolSize: 1 } },
    { id: 'floor', label: 'without TLS, pool of 5', kind: 'ours', tag: 'd', setting: { poolSize: 5 } },
];

const prefixContenders = [
    {
        id: 'cache-clear',
        label: 'cache, a prefix, clear',
        kind: 'cache',
        tag: 'a',
        setting: { maxSize: 0, prefix: 'bench:p:', clear: true },
    },
    {
        id: 'cache-prefix',
        label: 'cache, a prefix',
        kind: 'cache',
        tag: 'b',
        setting: { maxSize: 0, prefix: 'bench:q:' },
    },
    { id: 'floor', label: 'cache, no prefix', kind: 'cache', tag: 'c', setting: { maxSize: 0 } },
];

const storeManyContenders = [
    { id: 'cache-0', label: 'storeMany', kind: 'cache', tag: 'a', setting: { maxSize: 0 } },
    { id: 'cache-10000', label: 'storeMany, max_size 10000', kind: 'cache', tag: 'b', setting: { maxSize: 10_000 } },
    { id: 'store-loop', label: 'store, 64 in flight', kind: 'cache', tag: 'c', setting: { maxSize: 0, loop: 64 } },
];

/** The contenders for locks. The lock of the rival has no owner, so any process can release it. */
const lockContenders = [
    { id: 'lock-1', label: 'MemcachedLock, pool of 1', kind: 'lock', tag: 'a', setting: { poolSize: 1 } },
    { id: 'lock-5', label: 'MemcachedLock, pool of 5', kind: 'lock', tag: 'b', setting: { poolSize: 5 } },
    { id: 'memcached-add', label: 'memcached, add and del', kind: 'memcached-add', tag: 'c', setting: {} },
];

/** Returns all contenders of a run. Each `tag` gives a contender separate keys. */
export async function contendersFor(scenario) {
    if (scenario.hasPrefix) return prefixContenders;
    if (scenario.isOfTls) return tlsContenders;
    if (scenario.verb === 'setMany') return storeManyContenders;
    if (scenario.isOfCache && scenario.verb === 'get') return [...cacheContenders, loadThrough];
    if (scenario.isOfCache && scenario.verb !== 'getMany') return cacheContenders;
    if (scenario.verb === 'lock') return lockContenders;
    const ours = scenario.isOfCache
        ? cacheContenders.slice(0, 2)
        : [
              { id: 'ours-1', label: 'ours, pool of 1', kind: 'ours', tag: 'a', setting: { poolSize: 1 } },
              { id: 'ours-5', label: 'ours, pool of 5', kind: 'ours', tag: 'b', setting: { poolSize: 5 } },
              {
                  id: 'ours-meta',
                  label: 'ours, meta',
                  kind: 'ours',
                  tag: 'h',
                  setting: { poolSize: 5, protocol: 'meta' },
              },
          ];
    const list = [...ours];
    for (const [i, kind] of [...clientRivals, 'floor'].entries()) {
        const { settingFor } = await drivers[kind]();
        list.push({ id: kind, label: kind, kind, tag: 'cdefg'[i], setting: settingFor(scenario) });
    }
    const floor = list.at(-1);
    const setting = { ...floor.setting, protocol: 'meta' };
    return [...list, { id: 'floor-meta', label: 'floor, meta', kind: 'floor', tag: 'i', setting }];
}

/** Returns a contender for each setting from which calibration chooses. */
export async function variantsOf(kind) {
    const { variants } = await drivers[kind]();
    return variants.map((setting, i) => ({
        id: `${kind}-${i}`,
        label: `${kind} ${JSON.stringify(setting)}`,
        kind,
        tag: 'hijklmno'[i],
        setting,
    }));
}
