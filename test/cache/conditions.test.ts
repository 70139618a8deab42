import { MemcachedCache } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { readItem, writeItem } from '../support/server/textProtocol';
import type { Settings } from '../support/settings';

const server = useServer();
const opener = useOpener();
let cache: MemcachedCache;
let prefix: string;

const open = (settings: Settings = {}) => opener.cache(server, { prefix, ...settings });

beforeEach(async () => {
    prefix = `${opener.key}:`;
    cache = await open();
});

const ttlOf = async (key: string) => (await readItem(server, prefix + key))!.ttl;

describe('add and replace', () => {
    it('stores with add only when the key is missing', async () => {
        expect(await cache.add(null, 'key', { a: 1 }, 100_000)).toBe(true);
        expect(await cache.add(null, 'key', { a: 2 }, 5000)).toBe(false);
        expect(await cache.retrieve(null, 'key')).toEqual({ a: 1 });
        expect(await ttlOf('key')).toBeGreaterThan(90);
        await cache.remove(null, 'key');
        expect(await cache.add(null, 'key', Buffer.from([0, 1]), 5000)).toBe(true);
        expect(await cache.retrieve(null, 'key')).toEqual(Buffer.from([0, 1]));
    });

    it('stores with replace only when the key exists', async () => {
        expect(await cache.replace(null, 'key', 1, 5000)).toBe(false);
        expect(await cache.retrieve(null, 'key')).toBeNull();
        await cache.store(null, 'key', 1, 5000);
        expect(await cache.replace(null, 'key', false, 100_000)).toBe(true);
        expect(await cache.retrieve(null, 'key')).toBe(false);
        expect(await ttlOf('key')).toBeGreaterThan(90);
    });

    it('lets exactly one of many concurrent adds win', async () => {
        const other = await open();
        const answers = await Promise.all(
            Array.from({ length: 100 }, (_, i) => (i % 2 ? cache : other).add(null, 'key', i, 5000)),
        );
        expect(answers.filter(Boolean).length).toBe(1);
        expect(await cache.retrieve(null, 'key')).toBe(answers.indexOf(true));
    });

    it('does not count toward max_size', async () => {
        const small = await open({ max_size: 1 });
        expect(await small.add(null, 'a', 1)).toBe(true);
        expect(await small.add(null, 'b', 1)).toBe(true);
        expect(await small.replace(null, 'a', 1)).toBe(true);
        await small.store(null, 'c', 1);
        expect([...(await small.retrieveMany(null, ['a', 'b', 'c'])).keys()]).toEqual(['a', 'b', 'c']);
        expect(small.getStats().evicted).toBe(0);
    });

    it.each([null, undefined])('rejects %p as a value', async nothing => {
        await cache.store(null, 'key', 1, 5000);
        expect(await codeOf(cache.add(null, 'other', nothing))).toBe('NOT_SERIALIZABLE');
        expect(await codeOf(cache.replace(null, 'key', nothing))).toBe('NOT_SERIALIZABLE');
        expect(await cache.retrieve(null, 'key')).toBe(1);
    });

    it('applies compressed adds and replaces in the order of the calls', async () => {
        const packing = await open({ compress_min: 100 });
        const long = (of: string) => of.repeat(50_000);
        const answers = [
            packing.add(null, 'key', long('a')),
            packing.replace(null, 'key', long('b')),
            packing.add(null, 'key', 'small'),
            packing.replace(null, 'key', long('c')),
        ];
        expect(await Promise.all(answers)).toEqual([true, true, false, true]);
        expect(await cache.retrieve(null, 'key')).toBe(long('c'));
    });
});

describe('a counter', () => {
    it('counts from an initial value on', async () => {
        expect(await cache.increment(null, 'n')).toBeNull();
        expect(await cache.decrement(null, 'n', 5)).toBeNull();
        expect(await cache.retrieve(null, 'n')).toBeNull();
        expect(await cache.increment(null, 'n', 5, { initial: 10, timeout: 100_000 })).toBe(10);
        expect(await ttlOf('n')).toBeGreaterThan(90);
        expect(await cache.increment(null, 'n', 5, { initial: 10, timeout: 5000 })).toBe(15);
        expect(await ttlOf('n')).toBeGreaterThan(90);
        expect(await cache.increment(null, 'n')).toBe(16);
        expect(await cache.increment(null, 'n', null, null as never)).toBe(17);
        expect(await cache.increment(null, 'n', 0)).toBe(17);
        expect(await cache.decrement(null, 'n', 8)).toBe(9);
        expect(await cache.retrieve(null, 'n')).toBe(9);
        expect(await cache.decrement(null, 'n', 100)).toBe(0);
        expect(await cache.increment(null, 'm', 1, { initial: null })).toBeNull();
        expect(await cache.increment(null, 'm', 1, { initial: 0 })).toBe(0);
    });

    it('counts from a stored number, or from text of another program', async () => {
        await cache.store(null, 'n', 41, 5000);
        expect(await cache.increment(null, 'n')).toBe(42);
        await writeItem(server, `${prefix}t`, '0007');
        expect(await cache.increment(null, 't')).toBe(8);
    });

    it('returns numbers up to 2^53 - 1, then bigints, and wraps at 2^64', async () => {
        const most = BigInt(Number.MAX_SAFE_INTEGER);
        expect(await cache.increment(null, 'n', 1, { initial: most - 1n })).toBe(Number(most - 1n));
        expect(await cache.increment(null, 'n')).toBe(Number.MAX_SAFE_INTEGER);
        expect(await cache.increment(null, 'n')).toBe(most + 1n);
        expect(await cache.increment(null, 'n', 2n ** 64n - 1n - most - 1n)).toBe(2n ** 64n - 1n);
        expect(await cache.increment(null, 'n', 3)).toBe(2);
    });

    it('reads a counter exactly with an amount of 0, while retrieve rounds it from 2^53 on', async () => {
        const n = 2n ** 53n + 1n;
        await cache.increment(null, 'n', 1, { initial: n });
        expect(await cache.increment(null, 'n', 0)).toBe(n);
        expect(await cache.retrieve(null, 'n')).toBe(2 ** 53);
    });

    it('loses no count with many concurrent callers', async () => {
        const other = await open();
        const answers = await Promise.all(
            Array.from({ length: 1000 }, (_, i) => (i % 2 ? cache : other).increment(null, 'n', 1, { initial: 1 })),
        );
        expect(answers.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
    });

    it.each([['text'], [1.5], [-1], [{ a: 1 }], [Buffer.from([1])], [true]])('rejects %p as a counter', async value => {
        await cache.store(null, 'n', value, 5000);
        expect(await codeOf(cache.increment(null, 'n', 1, { initial: 5 }))).toBe('NOT_A_NUMBER');
        expect(await codeOf(cache.decrement(null, 'n'))).toBe('NOT_A_NUMBER');
        expect(await cache.retrieve(null, 'n')).toEqual(value);
    });

    it('does not count toward max_size', async () => {
        const small = await open({ max_size: 1 });
        for (const key of ['a', 'b', 'a', 'c']) await small.increment(null, key, 1, { initial: 1 });
        await small.store(null, 'd', 1);
        expect(await small.retrieveMany(null, ['a', 'b', 'c', 'd'])).toEqual(
            new Map(Object.entries({ a: 2, b: 1, c: 1, d: 1 })),
        );
    });
});

describe('touch, contains or retrieveAndTouch', () => {
    it('finds an existing key, and changes its expiry except for contains', async () => {
        expect(await cache.touch(null, 'key', 100_000)).toBe(false);
        expect(await cache.contains(null, 'key')).toBe(false);
        expect(await cache.retrieveAndTouch(null, 'key', 100_000)).toBeNull();
        for (const value of [0, '', false, { a: 1 }, Buffer.from([1, 0])]) {
            await cache.store(null, 'key', value, 5000);
            expect(await cache.contains(null, 'key')).toBe(true);
            expect(await ttlOf('key')).toBeLessThan(6);
            expect(await cache.touch(null, 'key', 100_000)).toBe(true);
            expect(await ttlOf('key')).toBeGreaterThan(90);
            expect(await cache.retrieveAndTouch(null, 'key', 1_000_000)).toEqual(value);
            expect(await ttlOf('key')).toBeGreaterThan(900);
            expect(await cache.retrieveAndTouch(null, 'key')).toEqual(value);
            expect(await ttlOf('key')).toBeLessThanOrEqual(60);
        }
    });

    it('limits a touch for 40 days to max_expiration, which is 30 days', async () => {
        await cache.store(null, 'key', 1, 5000);
        await cache.touch(null, 'key', 40 * 24 * 3600 * 1000);
        expect(Math.abs((await ttlOf('key')) - 30 * 24 * 3600)).toBeLessThan(5);
    });

    it('treats an entry of another program as missing', async () => {
        await writeItem(server, `${prefix}key`, '{');
        expect(await cache.contains(null, 'key')).toBe(false);
        expect(await cache.retrieveAndTouch(null, 'key')).toBeNull();
    });
});

describe('conditional commands with invalid input', () => {
    type Verb = [name: string, call: (cache: MemcachedCache, key: unknown, timeout?: unknown) => Promise<unknown>];
    const verbs: Verb[] = [
        ['add', (cache, key, timeout) => cache.add('trace', key as never, 2, timeout as never)],
        ['replace', (cache, key, timeout) => cache.replace('trace', key as never, 2, timeout as never)],
        [
            'increment',
            (cache, key, timeout) =>
                cache.increment('trace', key as never, 1, { initial: 5, timeout: timeout as never }),
        ],
        [
            'decrement',
            (cache, key, timeout) =>
                cache.decrement('trace', key as never, 1, { initial: 5, timeout: timeout as never }),
        ],
        ['append', (cache, key, timeout) => cache.append('trace', key as never, 'x', timeout as never)],
        ['prepend', (cache, key, timeout) => cache.prepend('trace', key as never, 'x', timeout as never)],
        ['update', (cache, key, timeout) => cache.update('trace', key as never, () => 2, timeout as never)],
        ['touch', (cache, key, timeout) => cache.touch('trace', key as never, timeout as never)],
        ['retrieveAndTouch', (cache, key, timeout) => cache.retrieveAndTouch('trace', key as never, timeout as never)],
        ['contains', (cache, key) => cache.contains('trace', key as never)],
    ];
    const badKeys = [null, undefined, '', 5, {}, [], Symbol('s'), 'b d', 'k'.repeat(260), '\ud800'];

    it.each(verbs)('rejects an invalid key of %s', async (_, call) => {
        for (const key of badKeys) {
            await expect(call(cache, key)).rejects.toMatchObject({ code: 'INVALID_KEY', trace_id: 'trace' });
        }
    });

    it.each(verbs.filter(([name]) => name !== 'contains'))('rejects an invalid timeout of %s', async (_, call) => {
        await cache.store(null, 'n', 1, 100_000);
        for (const timeout of ['x', {}, [], true, 5n, Symbol('s'), () => 1]) {
            await expect(call(cache, 'n', timeout)).rejects.toMatchObject({ code: 'INVALID_TTL', trace_id: 'trace' });
        }
        expect(await cache.retrieve(null, 'n')).toBe(1);
        expect(await ttlOf('n')).toBeGreaterThan(90);
    });

    it.each(verbs)('rejects %s before open and after close', async (_, call) => {
        await cache.close(null);
        for (const closed of [cache, new MemcachedCache()]) {
            await expect(call(closed, 'n')).rejects.toMatchObject({ code: 'NOT_OPENED', trace_id: 'trace' });
        }
        expect(await codeOf(cache.clear(null))).toBe('NOT_OPENED');
    });

    it.each([-1, 1.5, NaN, Infinity, 2 ** 53, 2n ** 64n, -1n, '1', {}, [], true, Symbol('s'), Object.create(null)])(
        'rejects %p as an amount',
        async amount => {
            await cache.store(null, 'n', 1, 5000);
            for (const verb of ['increment', 'decrement'] as const) {
                expect(await codeOf(cache[verb](null, 'n', amount as never))).toBe('INVALID_AMOUNT');
                expect(await codeOf(cache[verb](null, 'n', 1, { initial: amount as never }))).toBe('INVALID_AMOUNT');
            }
            expect(await cache.retrieve(null, 'n')).toBe(1);
        },
    );

    it.each([5, 'x', true, Symbol('s'), () => 1, [], { initail: 1 }])(
        'rejects %p as options of a counter',
        async options => {
            expect(await codeOf(cache.increment(null, 'n', 1, options as never))).toBe('INVALID_AMOUNT');
        },
    );

    it.each([5n, () => 1, Symbol('s'), NaN])('rejects %p as a value', async value => {
        expect(await codeOf(cache.add(null, 'n', value))).toBe('NOT_SERIALIZABLE');
        expect(await codeOf(cache.replace(null, 'n', value))).toBe('NOT_SERIALIZABLE');
        expect(await cache.retrieve(null, 'n')).toBeNull();
    });

    it('rejects a value that is too large', async () => {
        const small = await open({ max_value: 100 });
        await small.store(null, 'n', 1);
        expect(await codeOf(small.add(null, 'm', 'x'.repeat(99)))).toBe('VALUE_TOO_LARGE');
        expect(await codeOf(small.replace(null, 'n', 'x'.repeat(99)))).toBe('VALUE_TOO_LARGE');
        expect(await small.retrieveMany(null, ['n', 'm'])).toEqual(new Map([['n', 1]]));
    });
});
