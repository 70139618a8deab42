import type { MemcachedCache } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { oddValues } from '../support/oddValues';
import { useOpener, useServer } from '../support/Opener';

const open = useOpener();
const server = useServer();
let cache: MemcachedCache;

beforeEach(async () => {
    cache = await open.cache(server, { prefix: 'odd:', update_timeout: 300 });
});

const odd = [
    ...oddValues,
    Infinity,
    [Symbol('s')],
    [['key', Symbol('s')]],
    new Date(NaN),
    new Map([[5, 5]]),
    () => 5,
    Promise.resolve(5),
];

/**
 * Valid arguments of each command after the context. The test replaces one argument at a time by an
 * odd value.
 */
const verbs: Record<string, unknown[]> = {
    retrieve: ['key'],
    store: ['key', 'value', 1000],
    remove: ['key'],
    contains: ['key'],
    touch: ['key', 1000],
    retrieveAndTouch: ['key', 1000],
    add: ['key', 'value', 1000],
    replace: ['key', 'value', 1000],
    increment: ['key', 1, { initial: 1, timeout: 1000 }],
    decrement: ['key', 1, { initial: 1, timeout: 1000 }],
    append: ['key', 'text', 1000],
    prepend: ['key', 'text', 1000],
    update: ['key', () => 'value', 1000],
    retrieveOrLoad: ['key', 1000, () => 'value', { staleFor: 1, nullTimeout: 1, jitter: 0, loadTimeout: 500 }],
    retrieveMany: [['key']],
    storeMany: [{ key: 'value' }, 1000],
    removeMany: [['key']],
};

it.each(Object.entries(verbs))('rejects odd arguments of %s with a code, and never throws', async (verb, right) => {
    const call = (cache as unknown as Record<string, (...args: unknown[]) => unknown>)[verb]!.bind(cache);
    for (const [place] of right.entries()) {
        for (const value of odd) {
            const args = right.map((one, i) => (i === place ? value : one));
            const settled = call('trace', ...args);
            expect(settled).toBeInstanceOf(Promise);
            const error: unknown = await (settled as Promise<unknown>).then(
                () => null,
                (error: unknown) => error,
            );
            const coded = { code: expect.stringMatching(/^[A-Z_]+$/) as unknown, trace_id: 'trace' };
            if (error !== null) expect([args, error]).toEqual([args, expect.objectContaining(coded)]);
        }
    }
});

/** The commands with a timeout as the last argument, or as an option in it. */
const timed: [string, (timeout: number) => Promise<unknown>][] = [
    ['store', timeout => cache.store(null, 'key', 1, timeout)],
    ['touch', timeout => cache.touch(null, 'key', timeout)],
    ['retrieveAndTouch', timeout => cache.retrieveAndTouch(null, 'key', timeout)],
    ['add', timeout => cache.add(null, 'key', 1, timeout)],
    ['increment', timeout => cache.increment(null, 'key', 1, { timeout })],
    ['append', timeout => cache.append(null, 'key', 'text', timeout)],
    ['update', timeout => cache.update(null, 'key', () => 1, timeout)],
    ['storeMany', timeout => cache.storeMany(null, { key: 1 }, timeout)],
    ['retrieveOrLoad', timeout => cache.retrieveOrLoad(null, 'key', timeout, () => 1)],
];

it.each(timed)('rejects NaN and other types as the timeout of %s', async (_, call) => {
    for (const timeout of [NaN, '1000', 5n, true]) expect(await codeOf(call(timeout as number))).toBe('INVALID_TTL');
});

it.each(timed)('accepts null, 0 and Infinity as the timeout of %s', async (_, call) => {
    await cache.store(null, 'key', 'text');
    for (const timeout of [null, 0, -1, Infinity]) {
        expect(await codeOf(call(timeout as number))).not.toBe('INVALID_TTL');
    }
});
