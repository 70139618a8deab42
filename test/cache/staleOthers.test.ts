import type { LoadOptions, MemcachedCache } from 'pip-services4-memcached-node';
import { useOpener, useServer } from '../support/Opener';
import { holding, passing } from '../support/proxy/FaultProxy';
import { readItem } from '../support/server/textProtocol';
import { sleep } from '../support/sleep';
import { heldLoader, notAsked } from './loaders';

const STALE: LoadOptions = { staleFor: 60_000, jitter: 0, loadTimeout: 20_000 };

const server = useServer();
const open = useOpener();

/** Stores a stale value that `cache` reloads until a call of `finish`. */
async function loadBehind(cache: MemcachedCache, key: string) {
    await cache.retrieveOrLoad(null, key, 50, () => 'stale', STALE);
    await sleep(80);
    const { called, load, finish } = heldLoader<string>();
    const begun = called.then(() => true);
    do {
        // On a busy machine the first load may still be pending, and then no other load begins.
        expect(await cache.retrieveOrLoad(null, key, 30_000, load, STALE)).toBe('stale');
    } while (!(await Promise.race([begun, sleep(20)])));
    return { finish };
}

describe('a process that reloads a stale value', () => {
    let cache: MemcachedCache;
    let other: MemcachedCache;
    let key: string;

    beforeEach(async () => {
        ({ key } = open);
        [cache, other] = await Promise.all([open.cache(server), open.cache(server)]);
    });

    const ask = (load: () => string = notAsked) => cache.retrieveOrLoad(null, key, 30_000, load, STALE);

    it('returns the value that another process stores during the load', async () => {
        const { finish } = await loadBehind(cache, key);
        await other.store(null, key, 'stored', 30_000);
        expect(await ask()).toBe('stored');
        finish('loaded');
        await sleep(50);
        expect(await ask()).toBe('stored');
    });

    it('does not return or restore a value that another process removes during the load', async () => {
        const { finish } = await loadBehind(cache, key);
        await other.remove(null, key);
        const asked = ask();
        expect(await Promise.race([asked, sleep(100).then(() => 'waits')])).toBe('waits');
        finish('loaded');
        expect(await asked).toBe('loaded');
        await sleep(50);
        expect(await readItem(server, key)).toBeNull();
    });

    it('keeps the expiry of the stale value', async () => {
        const { finish } = await loadBehind(cache, key);
        expect((await readItem(server, key))!.ttl).toBeGreaterThan(50);
        // The cache renews its lease after 650 ms.
        await sleep(1000);
        expect((await readItem(server, key))!.ttl).toBeGreaterThan(50);
        finish('loaded');
    });
});

it('returns a stale value from memory when reads of memcached fail', async () => {
    const proxy = await open.faultProxy(server);
    const cache = await open.cache(proxy, { request_timeout: 300 });
    const { finish } = await loadBehind(cache, open.key);
    proxy.begin(holding);
    expect(await cache.retrieveOrLoad(null, open.key, 30_000, notAsked, STALE)).toBe('stale');
    proxy.begin(passing);
    finish('loaded');
});
