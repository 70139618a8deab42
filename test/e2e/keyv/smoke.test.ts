import { KeyvMemcached } from 'pip-services4-memcached-node/keyv';
import { useOpener, useServer } from '../../support/Opener';
import { sleep } from '../../support/sleep';
import { VERSIONS, type Keyv } from './keyvs';
import { requirePackage } from './packages.cjs';

interface CacheManager {
    get(key: string): Promise<unknown>;
    mget(keys: string[]): Promise<unknown[]>;
    ttl(key: string): Promise<number | undefined>;
    set(key: string, value: unknown, ttl?: number): Promise<unknown>;
    mset(list: { key: string; value: unknown; ttl?: number }[]): Promise<unknown>;
    del(key: string): Promise<boolean>;
    mdel(keys: string[]): Promise<boolean>;
    clear(): Promise<boolean>;
    wrap(key: string, load: () => Promise<unknown>, options?: object): Promise<unknown>;
}
interface Cacheable {
    get(key: string): Promise<unknown>;
    getMany(keys: string[]): Promise<unknown[]>;
    set(key: string, value: unknown, ttl?: number): Promise<boolean>;
    setMany(items: { key: string; value: unknown; ttl?: number }[]): Promise<boolean>;
    take(key: string): Promise<unknown>;
    clear(): Promise<void>;
    getOrSet(key: string, load: () => Promise<unknown>, options?: object): Promise<unknown>;
    primary: { clear(): Promise<void> };
}
interface KeyvAdapter {
    get(key: string): Promise<unknown>;
    set(key: string, value: string, options?: { ttl?: number | null }): Promise<void>;
    delete(key: string): Promise<unknown>;
}

const { createCache } = requirePackage('cache-manager') as { createCache: (options: object) => CacheManager };
const { Cacheable } = requirePackage('cacheable') as { Cacheable: new (options: object) => Cacheable };
const apollo = requirePackage('@apollo/utils.keyvadapter') as { KeyvAdapter: new (keyv: Keyv) => KeyvAdapter };
const [, Keyv5] = VERSIONS[0]!;

const ODD_KEYS = ['GET:/a?'.padEnd(300, 'x'), 'a b', 'a\r\nb', 'ü', 'https://example.org/a?b=c#d', '日本'];

const server = useServer();
const open = useOpener();

function keyvOf(options: object = {}): Keyv {
    const store = new KeyvMemcached({
        uri: `memcached://${server.address}`,
        namespace: open.key,
        options: { ...options },
    });
    open.atEnd(() => store.disconnect());
    const keyv = new Keyv5({ store });
    keyv.on('error', () => {});
    return keyv;
}

describe('cache-manager', () => {
    const managerOf = (options?: object): CacheManager => createCache({ stores: [keyvOf(options)] });

    it('gets and sets one and many', async () => {
        const cache = managerOf();
        await cache.set('key', { n: 1 }, 60_000);
        expect(await cache.get('key')).toEqual({ n: 1 });
        const expires = await cache.ttl('key');
        expect(expires! - Date.now()).toBeGreaterThan(50_000);
        await cache.mset(ODD_KEYS.map((key, i) => ({ key, value: i, ttl: 60_000 + i })));
        expect(await cache.mget([...ODD_KEYS, 'none'])).toEqual([...ODD_KEYS.keys(), undefined]);
        await cache.mdel(ODD_KEYS);
        expect(await cache.mget(ODD_KEYS)).toEqual(ODD_KEYS.map(() => undefined));
        await cache.del('key');
        expect(await cache.get('key')).toBeUndefined();
        await cache.set('null', null);
        await cache.clear();
        expect(await cache.get('null')).toBeUndefined();
    });

    it('loads once for a hundred callers', async () => {
        const cache = managerOf();
        let loads = 0;
        const load = async (): Promise<number> => {
            await sleep(20);
            return ++loads;
        };
        const all = Array.from({ length: 100 }, () => cache.wrap('key', load, { ttl: 60_000 }));
        expect(new Set(await Promise.all(all))).toEqual(new Set([1]));
        expect(await cache.wrap('key', load)).toBe(1);
    });

    it('reads misses and loads while memcached is down', async () => {
        const cache = managerOf({ failures: 1, retry: 50 });
        await cache.set('key', 'value');
        await server.kill();
        expect(await cache.get('key')).toBeUndefined();
        expect(await cache.mget(['key'])).toEqual([undefined]);
        await cache.set('key', 'value');
        expect(await cache.wrap('key', async () => 'loaded')).toBe('loaded');
        await server.restart();
        while ((await cache.get('key')) === undefined) {
            await cache.set('key', 'again');
            await sleep(20);
        }
        expect(await cache.get('key')).toBe('again');
    });
});

it('cacheable uses it as the secondary store', async () => {
    const cache = new Cacheable({ secondary: keyvOf() });
    await cache.set('key', { n: 1 }, 60_000);
    await cache.setMany(ODD_KEYS.map((key, i) => ({ key, value: i })));
    // Without the primary store, values come from memcached.
    await cache.primary.clear();
    expect(await cache.get('key')).toEqual({ n: 1 });
    expect(await cache.getMany(ODD_KEYS)).toEqual([...ODD_KEYS.keys()]);
    expect(await cache.take('key')).toEqual({ n: 1 });
    expect(await cache.get('key')).toBeUndefined();
    expect(await cache.getOrSet('loaded', async () => 'value', { ttl: 60_000 })).toBe('value');
    await cache.clear();
    expect(await cache.get(ODD_KEYS[0]!)).toBeUndefined();
});

it("Apollo's KeyvAdapter gets, sets and deletes", async () => {
    const cache = new apollo.KeyvAdapter(keyvOf());
    for (const key of ODD_KEYS) {
        await cache.set(key, `value of ${key}`, { ttl: 60 });
        expect(await cache.get(key)).toBe(`value of ${key}`);
        await cache.delete(key);
        expect(await cache.get(key)).toBeUndefined();
    }
});
