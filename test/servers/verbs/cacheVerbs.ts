import type { Verbs } from '.';

const VALUE = { id: '1', text: 'grün', list: [1, null] };

/** Verbs of the cache that consist of several verbs of the client. */
export const cacheVerbs: Verbs = {
    'cache: store': async ({ cache, key }) => {
        await cache.store(null, key, VALUE, 60_000);
        expect(await cache.retrieve(null, key)).toEqual(VALUE);
        expect(await cache.remove(null, key)).toEqual(VALUE);
        expect(await cache.retrieve(null, key)).toBeNull();
    },
    'cache: storeMany': async ({ cache, key }) => {
        const entries = [0, 1, 2].map(i => [`${key}-${i}`, { ...VALUE, i }] as const);
        await cache.storeMany(null, entries, 60_000);
        const keys = entries.map(([one]) => one);
        expect(await cache.retrieveMany(null, keys)).toEqual(new Map(entries));
        await cache.removeMany(null, keys);
        expect((await cache.retrieveMany(null, keys)).size).toBe(0);
    },
    'cache: update': async ({ cache, key }) => {
        const add = () => cache.update<number>(null, key, (value: number | null) => (value ?? 0) + 1, 60_000);
        await Promise.all([add(), add(), add(), add()]);
        expect(await cache.retrieve(null, key)).toBe(4);
    },
    'cache: append': async ({ cache, key }) => {
        await cache.store(null, key, 'a', 60_000);
        expect(await cache.append(null, key, 'b', 60_000)).toBe(true);
        expect(await cache.retrieve(null, key)).toBe('ab');
    },
    'cache: increment': async ({ cache, key }) => {
        expect(await cache.increment(null, key, 1, { initial: 7 })).toBe(7);
        expect(await cache.increment(null, key, 2)).toBe(9);
        expect(await cache.retrieve(null, key)).toBe(9);
    },
    'cache: retrieveOrLoad': async ({ cache, key }) => {
        let loads = 0;
        const load = () => cache.retrieveOrLoad(null, key, 60_000, () => ({ ...VALUE, loads: ++loads }));
        const answers = await Promise.all([load(), load(), load()]);
        expect([loads, ...answers]).toEqual([1, ...answers.map(() => ({ ...VALUE, loads: 1 }))]);
        expect(await cache.retrieve(null, key)).toEqual({ ...VALUE, loads: 1 });
    },
    'cache: clear': async ({ cache, key }) => {
        await cache.store(null, key, VALUE, 60_000);
        await cache.clear(null);
        expect(await cache.retrieve(null, key)).toBeNull();
    },
};
