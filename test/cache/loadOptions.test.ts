import { MemcachedCache } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { readItem } from '../support/server/textProtocol';
import { sleep } from '../support/sleep';
import { loaderOf, notAsked, untilStored } from './loaders';
import { storedCount, useCache } from './useCache';

const server = useServer();
const open = useOpener();
const cache = useCache(server);
const other = useCache(server);

/**
 * Resolves when the key is missing on the server. The cache stores or removes a loaded value only
 * after its callers have it.
 */
async function untilGone(): Promise<void> {
    while ((await readItem(server, open.key)) !== null) await sleep(2);
}

describe('a loaded null', () => {
    it.each([null, undefined])('is returned as null for %p, and is not stored', async nothing => {
        const loader = loaderOf(nothing);
        expect(await cache.retrieveOrLoad(null, open.key, 30_000, loader.load)).toBeNull();
        expect(await cache.retrieveOrLoad(null, open.key, 30_000, loader.load)).toBeNull();
        expect(loader.calls).toBe(2);
        await untilGone();
    });

    it('is stored for nullTimeout', async () => {
        const options = { nullTimeout: 20_000, jitter: 0 };
        expect(await cache.retrieveOrLoad(null, open.key, 60_000, () => null, options)).toBeNull();
        await untilStored(cache);
        const item = (await readItem(server, open.key))!;
        expect(item).toMatchObject({ value: 'null', flags: 0 });
        expect(item.ttl).toBeLessThanOrEqual(20);
        expect(item.ttl).toBeGreaterThan(15);
        expect(await other.retrieveOrLoad(null, open.key, 60_000, notAsked, options)).toBeNull();
        expect(await other.retrieve(null, open.key)).toBeNull();
    });

    it('reaches the waiting callers of another process when it is stored', async () => {
        const loader = loaderOf(null, 300);
        const asked = [cache, other].map(one =>
            one.retrieveOrLoad(null, open.key, 1, loader.load, { nullTimeout: 20_000 }),
        );
        expect(await Promise.all(asked)).toEqual([null, null]);
        expect(loader.calls).toBe(1);
    });

    it('counts as an entry for add, replace, increment and touch', async () => {
        const options = { nullTimeout: 20_000 };
        for (const suffix of ['add', 'replace', 'count']) {
            await cache.retrieveOrLoad(null, `${open.key}-${suffix}`, 60_000, () => null, options);
        }
        await untilStored(cache, 3);
        expect(await other.contains(null, `${open.key}-add`)).toBe(false);
        expect(await other.add(null, `${open.key}-add`, 1)).toBe(false);
        expect(await codeOf(other.increment(null, `${open.key}-count`))).toBe('NOT_A_NUMBER');
        expect(await other.touch(null, `${open.key}-count`)).toBe(true);
        expect(await other.replace(null, `${open.key}-replace`, 1)).toBe(true);
    });
});

it('rejects a loaded number as a counter when it is stored with staleFor', async () => {
    expect(await cache.retrieveOrLoad(null, open.key, 60_000, () => 5, { staleFor: 1000 })).toBe(5);
    await untilStored(cache);
    expect(await other.retrieve(null, open.key)).toBe(5);
    expect(await codeOf(other.increment(null, open.key))).toBe('NOT_A_NUMBER');
});

describe('the expiry of a loaded value', () => {
    const ttls = async (jitter: number | undefined) => {
        const names = Array.from({ length: 200 }, (_, i) => `${open.key}-${i}`);
        const stored = storedCount(cache) + names.length;
        await Promise.all(names.map(one => cache.retrieveOrLoad(null, one, 100_000, () => one, { jitter })));
        await untilStored(cache, stored);
        return (await Promise.all(names.map(one => readItem(server, one))))
            .map(item => item!.ttl)
            .sort((a, b) => a - b);
    };

    it('varies over half of the timeout with a jitter of 0.5', async () => {
        const found = await ttls(0.5);
        // Time passes between the store and the read.
        expect(found[0]).toBeGreaterThanOrEqual(40);
        expect(found[0]).toBeLessThan(60);
        expect(found.at(-1)!).toBeGreaterThan(85);
        expect(found[100]).toBeGreaterThan(60);
        expect(found[100]).toBeLessThan(90);
    });

    it('varies over a tenth by default, and not at all with a jitter of 0', async () => {
        const found = await ttls(undefined);
        expect(new Set(found).size).toBeGreaterThan(5);
        expect(found[0]).toBeGreaterThanOrEqual(80);
        open.key += 'x';
        const exact = await ttls(0);
        expect(exact.at(-1)! - exact[0]!).toBeLessThanOrEqual(3);
    });

    it('is options.timeout by default, and at most options.max_expiration', async () => {
        const short = await open.cache(server, { timeout: 20_000, max_expiration: 40_000 });
        await short.retrieveOrLoad(null, open.key, null, () => 1);
        await untilStored(short);
        expect((await readItem(server, open.key))!.ttl).toBeLessThanOrEqual(20);
        await short.retrieveOrLoad(null, `${open.key}x`, 1e9, () => 1, { jitter: 0, staleFor: 1e9 });
        await untilStored(short, 2);
        const { ttl } = (await readItem(server, `${open.key}x`))!;
        expect(ttl).toBeLessThanOrEqual(40);
        expect(ttl).toBeGreaterThan(30);
    });
});

it.each([
    ['INVALID_KEY', { key: '' }],
    ['INVALID_KEY', { key: 'a b' }],
    ['INVALID_TTL', { timeout: '1' }],
    ['INVALID_FUNCTION', { loader: 'value' }],
    ['INVALID_LOAD_OPTION', { options: 5 }],
    ['INVALID_LOAD_OPTION', { options: { staleFor: -1 } }],
    ['INVALID_LOAD_OPTION', { options: { nullTimeout: NaN } }],
    ['INVALID_LOAD_OPTION', { options: { jitter: 1.1 } }],
    ['INVALID_LOAD_OPTION', { options: { loadTimeout: 0 } }],
    ['INVALID_LOAD_OPTION', { options: { loadTimeout: 2 ** 31 } }],
    ['INVALID_LOAD_OPTION', { options: { signal: {} } }],
    ['INVALID_LOAD_OPTION', { options: { stalefor: 1000 } }],
    ['INVALID_LOAD_OPTION', { options: [] }],
])('rejects with %s before it calls the loader: %p', async (code, mistake) => {
    const given = { key: open.key, timeout: 1000, loader: notAsked, options: {}, ...mistake } as unknown as Record<
        string,
        never
    >;
    await expect(
        cache.retrieveOrLoad('trace-1', given.key!, given.timeout, given.loader!, given.options),
    ).rejects.toMatchObject({ code, category: 'BadRequest', trace_id: 'trace-1' });
});

it('rejects with NOT_OPENED before open', async () => {
    expect(await codeOf(new MemcachedCache().retrieveOrLoad(null, open.key, 1000, notAsked))).toBe('NOT_OPENED');
});

it.each([
    ['NOT_SERIALIZABLE', () => 5n],
    ['VALUE_TOO_LARGE', () => 'x'.repeat(2_000_000)],
])('returns a value that is %s, logs it once, and blocks no other caller', async (_, load) => {
    const one = await open.cache(server);
    for (const options of [{}, { staleFor: 1000 }]) {
        expect(await one.retrieveOrLoad<unknown>(null, open.key, 30_000, load, options)).toEqual(load());
        await untilGone();
    }
    expect(open.logger.count(/cannot store the loaded value/)).toBe(1);
});
