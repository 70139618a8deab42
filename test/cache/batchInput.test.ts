import { MemcachedCache } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import type { Settings } from '../support/settings';

const server = useServer();
const opener = useOpener();
let count = 0;

const open = (settings: Settings = {}) => opener.cache(server, { max_size: 0, prefix: `i${count++}:`, ...settings });

describe('a batch with invalid input', () => {
    const boom = new Error('boom');
    const halfWay = function* <T>(one: T): Generator<T> {
        yield one;
        throw boom;
    };
    const holes: string[] = ['kept'];
    holes[2] = 'other';
    const badKeys: [string, unknown, string][] = [
        ['a text', 'kept', 'INVALID_BATCH'],
        ['null', null, 'INVALID_BATCH'],
        ['undefined', undefined, 'INVALID_BATCH'],
        ['a number', 5, 'INVALID_BATCH'],
        ['a symbol', Symbol('s'), 'INVALID_BATCH'],
        ['a function', () => ['kept'], 'INVALID_BATCH'],
        ['an object', { 0: 'kept', length: 1 }, 'INVALID_BATCH'],
        ['a promise', Promise.resolve(['kept']), 'INVALID_BATCH'],
        ['a list with a hole', holes, 'INVALID_KEY'],
        ['a list with null', ['kept', null], 'INVALID_KEY'],
        ['a list with a symbol', ['kept', Symbol('s')], 'INVALID_KEY'],
        ['a list with an empty key', ['kept', ''], 'INVALID_KEY'],
        ['a list with white space', ['kept', 'b d'], 'INVALID_KEY'],
        ['a list with a key that is too long', ['kept', 'k'.repeat(251)], 'INVALID_KEY'],
        ['a list with half a surrogate pair', ['kept', '\ud800'], 'INVALID_KEY'],
        ['a Buffer', Buffer.from('kept'), 'INVALID_KEY'],
        ['a Map of entries', new Map([['kept', 1]]), 'INVALID_KEY'],
    ];

    it.each(badKeys)('rejects keys when they are %s, and changes nothing', async (_, keys, code) => {
        const cache = await open();
        await cache.store(null, 'kept', 1, 50_000);
        expect(await codeOf(cache.retrieveMany('trace', keys as never))).toBe(code);
        expect(await codeOf(cache.removeMany('trace', keys as never))).toBe(code);
        expect(await cache.retrieve(null, 'kept')).toBe(1);
    });

    const cycle: unknown[] = [];
    cycle.push(cycle);
    const badEntries: [string, unknown, string][] = [
        ['null', null, 'INVALID_BATCH'],
        ['a text', 'kept', 'INVALID_BATCH'],
        ['a number', 5, 'INVALID_BATCH'],
        ['a function', () => 5, 'INVALID_BATCH'],
        ['a promise', Promise.resolve({ kept: 2 }), 'INVALID_BATCH'],
        ['a date', new Date(), 'INVALID_BATCH'],
        ['an error', new Error('kept'), 'INVALID_BATCH'],
        ['an instance', new (class Kept {})(), 'INVALID_BATCH'],
        ['keys without values', ['kept', 'more'], 'INVALID_BATCH'],
        ['entries of one', [['kept', 2], ['more']], 'INVALID_BATCH'],
        ['entries of three', [['kept', 2, 3]], 'INVALID_BATCH'],
        ['entries with a hole', [['kept', 2], , ['more', 3]], 'INVALID_BATCH'],
        ['a Buffer', Buffer.from('kept'), 'INVALID_BATCH'],
        ['a Set of keys', new Set(['kept']), 'INVALID_BATCH'],
        [
            'a Map with keys that are not text',
            new Map<unknown, unknown>([
                ['kept', 2],
                [1, 1],
            ]),
            'INVALID_KEY',
        ],
        ['a key with white space, first', { 'b d': 1, kept: 2 }, 'INVALID_KEY'],
        ['a key with white space, last', { kept: 2, 'b d': 1 }, 'INVALID_KEY'],
        ['a key with white space that is to be removed', { kept: 2, 'b d': null }, 'INVALID_KEY'],
        ['a bigint', { kept: 2, more: 5n }, 'NOT_SERIALIZABLE'],
        ['a cycle', { kept: 2, more: cycle }, 'NOT_SERIALIZABLE'],
        ['NaN', { kept: null, more: NaN }, 'NOT_SERIALIZABLE'],
        ['a value that is too large', { kept: 2, more: 'x'.repeat(2 ** 20 + 1) }, 'VALUE_TOO_LARGE'],
    ];

    it.each(badEntries)('rejects entries when they are %s, and changes nothing', async (_, entries, code) => {
        const cache = await open({ max_size: 1 });
        await cache.store(null, 'kept', 1, 50_000);
        expect(await codeOf(cache.storeMany('trace', entries as never))).toBe(code);
        expect(await cache.retrieve(null, 'kept')).toBe(1);
        expect(await cache.retrieve(null, 'more')).toBeNull();
    });

    it('rejects with the error of an iterator that throws after some entries', async () => {
        const cache = await open();
        await cache.store(null, 'kept', 1, 50_000);
        await expect(cache.retrieveMany('trace', halfWay('kept'))).rejects.toBe(boom);
        await expect(cache.removeMany('trace', halfWay('kept'))).rejects.toBe(boom);
        await expect(cache.storeMany('trace', halfWay(['kept', 2] as const))).rejects.toBe(boom);
        await expect(
            cache.storeMany('trace', {
                kept: 2,
                get more() {
                    throw boom;
                },
            }),
        ).rejects.toBe(boom);
        const proxy = new Proxy([], {
            get: () => {
                throw null as unknown as Error;
            },
            has: () => true,
        });
        await expect(cache.retrieveMany('trace', proxy)).rejects.toBeNull();
        expect(await cache.retrieve(null, 'kept')).toBe(1);
    });

    it.each(['x', NaN.toString(), {}, true, 5n, Symbol('s')])('rejects %p as a timeout', async timeout => {
        const cache = await open();
        expect(await codeOf(cache.storeMany(null, { a: 1 }, timeout as never))).toBe('INVALID_TTL');
        expect(await cache.retrieve(null, 'a')).toBeNull();
    });

    it('rejects before open and after close', async () => {
        const cache = await open();
        await cache.close(null);
        for (const closed of [cache, new MemcachedCache()]) {
            expect(await codeOf(closed.retrieveMany('trace', ['a']))).toBe('NOT_OPENED');
            expect(await codeOf(closed.storeMany('trace', { a: 1 }))).toBe('NOT_OPENED');
            expect(await codeOf(closed.storeMany('trace', { a: null }))).toBe('NOT_OPENED');
            expect(await codeOf(closed.removeMany('trace', ['a']))).toBe('NOT_OPENED');
            expect(await codeOf(closed.retrieveMany('trace', []))).toBe('NOT_OPENED');
        }
    });

    it.each([5, {}, [], () => {}, Symbol('s')])('accepts %p as a context', async context => {
        const cache = await open();
        const strange = context as never;
        await cache.storeMany(strange, { a: 1 });
        expect(await cache.retrieveMany(strange, ['a'])).toEqual(new Map([['a', 1]]));
        expect(await codeOf(cache.retrieveMany(strange, ['b d']))).toBe('INVALID_KEY');
        await cache.removeMany(strange, ['a']);
    });
});
