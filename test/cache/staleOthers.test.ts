import type { LoadOptions, MemcachedCache } from 'pip-services4-memcached-node';
import { useOpener, useServer } from '../support/Opener';
import { holding, passing } from '../support/proxy/FaultProxy';
import { readItem } from '../support/server/textProtocol';
import { sleep } from '../support/sleep';
import { heldLoader, notAsked } from './loaders';

const STALE: LoadOptions = { staleFor: 60_000, jitter: 0, loadTimeout: 20_000 };

const server = useServer();
const open = useOpener();

/** A stale value that `cache` loads anew, until `finish` is called. */
async function loadBehind(cache: MemcachedCache, key: string) {
    await cache.retrieveOrLoad(null, key, 50, () => 'stale', STALE);
    await sleep(80);
    const { called, load, finish } = heldLoader<string>();
    const begun = called.then(() => true);
    do {
        // On a busy machine the first load may not be over yet: then no other one begins.
        expect(await cache.retrieveOrLoad(null, key, 30_000, load, STALE)).toBe('stale');
    } while (!(await Promise.race([begun, sleep(20)])));
    return { finish };
}

describe('While a process loads a stale value anew', () => {
    let cache: MemcachedCache;
    let other: MemcachedCache;
    let key: string;

    beforeEach(async () => {
        ({ key } = open);
        [cache, other] = await Promise.all([open.cache(server), open.cache(server)]);
    });

    const ask = (load: () => string = notAsked) => cache.retrieveOrLoad(null, key, 30_000, load, STALE);

    it('it answers what another process stores', async () => {
        const { finish } = await loadBehind(cache, key);
        await other.store(null, key, 'stored', 30_000);
        expect(await ask()).toBe('stored');
        finish('loaded');
        await sleep(50);
        expect(await ask()).toBe('stored');
    });

    it('it does not answer what another process removes, and does not put it back', async () => {
        const { finish } = await loadBehind(cache, key);
        await other.remove(null, key);
        const asked = ask();
        expect(await Promise.race([asked, sleep(100).then(() => 'waits')])).toBe('waits');
        finish('loaded');
        expect(await asked).toBe('loaded');
        await sleep(50);
        expect(await readItem(server, key)).toBeNull();
    });

    it('the stale value keeps its own life', async () => {
        const { finish } = await loadBehind(cache, key);
        expect((await readItem(server, key))!.ttl).toBeGreaterThan(50);
        // A lease is renewed after 650 ms.
        await sleep(1000);
        expect((await readItem(server, key))!.ttl).toBeGreaterThan(50);
        finish('loaded');
    });
});

it('A stale value is answered from memory when memcached cannot be read', async () => {
    const proxy = await open.faultProxy(server);
    const cache = await open.cache(proxy, { request_timeout: 300 });
    const { finish } = await loadBehind(cache, open.key);
    proxy.begin(holding);
    expect(await cache.retrieveOrLoad(null, open.key, 30_000, notAsked, STALE)).toBe('stale');
    proxy.begin(passing);
    finish('loaded');
});
