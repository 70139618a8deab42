import type { MemcachedCache } from 'pip-services4-memcached-node';
import { useOpener, type Opener } from '../support/Opener';
import { holding, passing } from '../support/proxy/FaultProxy';
import { readItem } from '../support/server/textProtocol';
import type { Servers, Settings } from '../support/settings';
import { SideBySide } from '../support/sideBySide';
import { sleep } from '../support/sleep';
import { heldLoader, loaderOf, untilStored } from './loaders';

const SHORT = { request_timeout: 1000, retry: 30 };

const openShort = (open: Opener, servers: Servers, settings: Settings = {}) =>
    open.cache(servers, { ...SHORT, ...settings });

const askAll = (cache: MemcachedCache, load: () => Promise<string>, count = 200, key = 'key') =>
    Promise.all(Array.from({ length: count }, () => cache.retrieveOrLoad(null, key, 30_000, load)));

const failing = () => Promise.reject(new Error('no'));

const open = useOpener();
const alongside = new SideBySide();

describe.each([{}, { 'options.fail_soft': true }, { 'options.prefix': 'p:' }])('loading with %p', settings => {
    alongside.it('calls the loader once for all waiting callers when the server is killed', async open => {
        const server = await open.server();
        const cache = await openShort(open, server, settings);
        await server.kill();
        for (let i = 1; i <= 3; i++) {
            const loader = loaderOf('value', 100);
            expect(new Set(await askAll(cache, loader.load))).toEqual(new Set(['value']));
            expect(loader.calls).toBe(1);
        }
        expect(open.logger.count(/continuing without the cache/)).toBe(1);
    });

    alongside.it('calls the loader once when the server is silent', async open => {
        const server = await open.server();
        const cache = await openShort(open, server, settings);
        await server.stop();
        const loader = loaderOf('value', 200);
        expect(new Set(await askAll(cache, loader.load))).toEqual(new Set(['value']));
        expect(loader.calls).toBe(1);
        server.continue();
    });

    alongside.it('returns the value when the server becomes unavailable while the loader runs', async open => {
        const server = await open.server();
        const cache = await openShort(open, server, settings);
        for (const away of ['stop', 'kill'] as const) {
            const loader = loaderOf('value', 1000);
            const asked = askAll(cache, loader.load, 200, `key-${away}`);
            await loader.called;
            await server[away]();
            expect(new Set(await asked)).toEqual(new Set(['value']));
            expect(loader.calls).toBe(1);
            if (away === 'stop') server.continue();
            await sleep(100);
        }
    });
});

it('loads in a cache that opens while memcached is unavailable, even with a prefix', async () => {
    const server = await open.server();
    await server.kill();
    const cache = await openShort(open, server, { fail_soft: true, prefix: 'p:' });
    const loader = loaderOf('value', 100);
    expect(new Set(await askAll(cache, loader.load))).toEqual(new Set(['value']));
    expect(loader.calls).toBe(1);
    await server.restart();
    await open.logger.heard(/is up again/);
    await askAll(cache, loader.load, 1);
    await untilStored(cache);
    expect(await readItem(server, 'p:key')).toMatchObject({ value: '"value"' });
});

it('does not store a value loaded without a read, because a removal of its key may have come before', async () => {
    const server = await open.server();
    const proxy = await open.faultProxy(server);
    const [cache, other] = [await openShort(open, proxy), await openShort(open, server)];
    proxy.begin(holding);
    const { called, load, finish } = heldLoader<string>();
    const first = cache.retrieveOrLoad(null, 'key', 30_000, load);
    await called;
    const asked = cache.retrieveOrLoad(null, 'key', 30_000, () => 'not asked');
    proxy.begin(passing);
    await other.store(null, 'key', 'newer', 30_000);
    await other.remove(null, 'key');
    finish('older');
    expect(await Promise.all([first, asked])).toEqual(['older', 'older']);
    await sleep(100);
    expect(await readItem(server, 'key')).toBeNull();
});

it('rejects with the error of the loader, even when memcached is unavailable', async () => {
    const server = await open.server();
    const cache = await openShort(open, server);
    await server.kill();
    await expect(cache.retrieveOrLoad(null, 'key', 1000, failing)).rejects.toThrow('no');
});

it('stores the value when connections end while the loader runs', async () => {
    const server = await open.server();
    const proxy = await open.faultProxy(server);
    const cache = await open.cache(proxy);
    const { called, load, finish } = heldLoader<string>();
    const asked = cache.retrieveOrLoad(null, 'key', 30_000, load);
    await called;
    proxy.begin({ strike: link => link.reset() });
    await cache.retrieve(null, 'another');
    finish('value');
    expect(await asked).toBe('value');
    await untilStored(cache);
    expect(await readItem(server, 'key')).toMatchObject({ value: '"value"', flags: 0 });
});

it('loads once in each process and keeps stale values without CAS (-C)', async () => {
    const server = await open.server({ withoutCas: true });
    const [cache, other] = [await openShort(open, server), await openShort(open, server)];
    const loader = loaderOf('value', 300);
    const both = [askAll(cache, loader.load), askAll(other, loader.load)];
    expect(new Set((await Promise.all(both)).flat())).toEqual(new Set(['value']));
    expect(loader.calls).toBe(2);
    const options = { staleFor: 30_000, jitter: 0 };
    const ask = (value: string, timeout: number) => cache.retrieveOrLoad(null, 'stale', timeout, () => value, options);
    expect(await ask('old', 50)).toBe('old');
    await sleep(80);
    expect(await ask('new', 10_000)).toBe('old');
    while ((await other.retrieve(null, 'stale')) === null) await sleep(5);
    expect(await other.retrieveOrLoad(null, 'stale', 1000, () => 'newer', options)).toBe('new');
    await expect(cache.retrieveOrLoad(null, 'failing', 1000, failing)).rejects.toThrow('no');
    expect(await other.retrieveOrLoad(null, 'failing', 1000, () => 'value')).toBe('value');
    await untilStored(other, 2);
});

it('loads a stale value again at once after a failure without CAS (-C)', async () => {
    const cache = await openShort(open, await open.server({ withoutCas: true }));
    const options = { staleFor: 60_000, jitter: 0 };
    await cache.retrieveOrLoad(null, 'key', 50, () => 'stale', options);
    await sleep(80);
    for (let failures = 1; failures <= 3; failures++) {
        expect(await cache.retrieveOrLoad(null, 'key', 1000, failing, options)).toBe('stale');
        while (cache.getStats().refreshFailures < failures) await sleep(2);
    }
});

it('counts no failed store when it closes while a loader runs without CAS (-C)', async () => {
    const cache = await openShort(open, await open.server({ withoutCas: true }));
    const loader = heldLoader<string>();
    const loading = cache.retrieveOrLoad(null, 'key', 1000, loader.load);
    await loader.called;
    await cache.close(null);
    loader.finish('value');
    expect(await loading).toBe('value');
    await new Promise(setImmediate);
    expect(cache.getStats()).toMatchObject({ loads: 1, stored: 0, storeFailures: 0 });
});

it('returns loaded values when the server is full (-M)', async () => {
    const server = await open.server({ withoutEviction: true, memoryMegabytes: 1, maxItemBytes: 1024 * 512 });
    const cache = await openShort(open, server, { max_size: 0 });
    for (let i = 0; i < 200; i++) {
        expect(await cache.retrieveOrLoad(null, `key${i}`, 30_000, () => 'x'.repeat(100_000))).toHaveLength(100_000);
    }
    expect(open.logger.count(/cannot store the loaded value/)).toBe(1);
});

describe('close of a cache', () => {
    const openTwo = async () => {
        const server = await open.server();
        return { server, cache: await openShort(open, server), other: await openShort(open, server) };
    };

    it('gives the value to waiting callers when a loader runs, and lets other processes load', async () => {
        const { server, cache, other } = await openTwo();
        const { called, load, finish } = heldLoader<string>();
        const asked = askAll(cache, load);
        await called;
        await cache.close(null);
        expect(await readItem(server, 'key')).toBeNull();
        expect(await other.retrieveOrLoad(null, 'key', 30_000, () => 'of the other')).toBe('of the other');
        finish('value');
        expect(new Set(await asked)).toEqual(new Set(['value']));
        expect(await other.retrieve(null, 'key')).toBe('of the other');
    });

    it('releases a lease that the cache is about to take', async () => {
        const server = await open.server();
        const cache = await open.cache(await open.faultProxy(server));
        await cache.retrieve(null, 'key');
        // After the reply to the read, the next request takes the lease.
        const isTaken = (): boolean => cache.getStats().servers[0]!.inFlight > 0 && cache.getStats().misses === 2;
        const asked = cache.retrieveOrLoad(null, 'key', 30_000, loaderOf('value', 50).load);
        while (!isTaken()) await new Promise(setImmediate);
        const closing = cache.close(null);
        expect(await asked).toBe('value');
        await closing;
        expect(await readItem(server, 'key')).toBeNull();
    });

    it('loads without the lease of another process that it waits for', async () => {
        const { cache, other } = await openTwo();
        const { called, load, finish } = heldLoader<string>();
        const first = askAll(cache, load);
        await called;
        const second = loaderOf('value', 10);
        const waiting = askAll(other, second.load);
        await sleep(100);
        await other.close(null);
        expect(new Set(await waiting)).toEqual(new Set(['value']));
        expect(second.calls).toBe(1);
        finish('value');
        await first;
    });

    it('leaves an earlier loader running when the cache opens again', async () => {
        const cache = await openShort(open, await open.server());
        const loader = loaderOf('value', 300);
        const asked = askAll(cache, loader.load);
        await loader.called;
        await cache.close(null);
        await cache.open(null);
        const later = await cache.retrieveOrLoad(null, 'key', 30_000, () => 'another one');
        expect(['value', 'another one']).toContain(later);
        expect(new Set(await asked)).toEqual(new Set(['value']));
    });

    it('settles every caller at any moment of a load', async () => {
        const server = await open.server();
        for (let ms = 0; ms < 30; ms += 3) {
            const cache = await openShort(open, server);
            const asked = Array.from({ length: 50 }, (_, i) =>
                cache.retrieveOrLoad(null, `key${ms}-${i % 10}`, 30_000, loaderOf('value', 5).load, { staleFor: 1000 }),
            );
            await sleep(ms / 3);
            await cache.close(null);
            for (const one of await Promise.allSettled(asked)) {
                if (one.status === 'fulfilled') expect(one.value).toBe('value');
                else expect(one.reason).toMatchObject({ code: 'NOT_OPENED' });
            }
        }
    });
});
