import type { MemcachedCache } from '../../src/cache/MemcachedCache';
import { LoadThrough } from '../../src/cache/LoadThrough';
import { ValueStore } from '../../src/cache/ValueStore';
import { ConnectionUser } from '../../src/connect/ConnectionUser';
import { configOf, openCache } from '../support/openCache';
import { RecordingLogger } from '../support/RecordingLogger';
import { FaultProxy, holding, passing } from '../support/proxy/FaultProxy';
import { MemcachedProcess, type MemcachedProcessOptions } from '../support/server/MemcachedProcess';
import { readItem } from '../support/server/textProtocol';

let server: MemcachedProcess;
let logger: RecordingLogger;
const caches: MemcachedCache[] = [];

const SHORT = { request_timeout: 300, retry: 30 };

async function open(more: Record<string, unknown> = {}): Promise<MemcachedCache> {
    const cache = await openCache(server, { ...SHORT, ...more }, logger.references());
    caches.push(cache);
    return cache;
}

async function start(options: MemcachedProcessOptions = {}): Promise<void> {
    server = await MemcachedProcess.start(options);
}

function counted(ms: number): { calls: number; load: () => Promise<string> } {
    const loader = {
        calls: 0,
        load: async () => {
            loader.calls++;
            await sleep(ms);
            return 'value';
        },
    };
    return loader;
}

const askAll = (cache: MemcachedCache, load: () => Promise<string>, count = 200) =>
    Promise.all(Array.from({ length: count }, () => cache.retrieveOrLoad(null, 'key', 30_000, load)));

beforeEach(() => {
    logger = new RecordingLogger();
});

afterEach(async () => {
    await Promise.all(caches.splice(0).map(cache => cache.close(null)));
    await server.end();
});

describe.each([{}, { 'options.fail_soft': true }, { 'options.prefix': 'p:' }])('With %p', options => {
    it('a server that was killed is no error: the loader runs, once for all who wait', async () => {
        await start();
        const cache = await open(options);
        await server.kill();
        for (let i = 1; i <= 3; i++) {
            const loader = counted(100);
            expect(new Set(await askAll(cache, loader.load))).toEqual(new Set(['value']));
            expect(loader.calls).toBe(1);
        }
        expect(logger.count(/the service goes on without a cache/)).toBe(1);
    });

    it('a server that is silent is no error either', async () => {
        await start();
        const cache = await open(options);
        await server.stop();
        const loader = counted(200);
        expect(new Set(await askAll(cache, loader.load))).toEqual(new Set(['value']));
        expect(loader.calls).toBe(1);
        server.continue();
    });

    it('a server that goes while the loader runs is no error', async () => {
        await start();
        const cache = await open(options);
        for (const away of ['stop', 'kill'] as const) {
            const loader = counted(1000);
            const asked = askAll(cache, loader.load);
            await sleep(300);
            await server[away]();
            expect(new Set(await asked)).toEqual(new Set(['value']));
            expect(loader.calls).toBe(1);
            if (away === 'stop') server.continue();
            await sleep(100);
        }
    });
});

it('a cache that opens while memcached is away loads, with a prefix too', async () => {
    await start();
    const { port } = server;
    await server.kill();
    const cache = await open({ 'options.fail_soft': true, 'options.prefix': 'p:' });
    expect(server.port).toBe(port);
    const loader = counted(100);
    expect(new Set(await askAll(cache, loader.load))).toEqual(new Set(['value']));
    expect(loader.calls).toBe(1);
    await server.restart();
    await logger.heard(/is up again/);
    await askAll(cache, loader.load, 1);
    expect(await readItem(server, 'p:key')).toMatchObject({ value: '"value"' });
});

it('what was loaded without having asked memcached is not stored: somebody may have removed it meanwhile', async () => {
    await start();
    const proxy = await FaultProxy.start(server.port);
    const [cache, other] = [await openCache({ host: '127.0.0.1', port: proxy.port }, SHORT), await open()];
    caches.push(cache);
    proxy.begin(holding);
    let give!: (value: string) => void;
    const called = new Promise<void>(resolve => {
        void cache.retrieveOrLoad(null, 'key', 30_000, () => {
            resolve();
            return new Promise<string>(settle => (give = settle));
        });
    });
    await called;
    const asked = cache.retrieveOrLoad(null, 'key', 30_000, () => 'not asked');
    proxy.begin(passing);
    await other.store(null, 'key', 'newer', 30_000);
    await other.remove(null, 'key');
    give('older');
    expect(await asked).toBe('older');
    await sleep(100);
    expect(await readItem(server, 'key')).toBeNull();
    await Promise.all([cache.close(null), proxy.close()]);
});

it('an error of the loader is an error also when memcached is away', async () => {
    await start();
    const cache = await open();
    await server.kill();
    await expect(cache.retrieveOrLoad(null, 'key', 1000, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
});

it('connections that are cut while the loader runs do not lose the value', async () => {
    await start();
    const proxy = await FaultProxy.start(server.port);
    const cache = await openCache({ host: '127.0.0.1', port: proxy.port });
    caches.push(cache);
    const asked = cache.retrieveOrLoad(null, 'key', 30_000, counted(300).load);
    await sleep(100);
    proxy.begin({ strike: link => link.reset() });
    await cache.retrieve(null, 'another');
    expect(await asked).toBe('value');
    expect(await readItem(server, 'key')).toMatchObject({ value: '"value"', flags: 0 });
    await cache.close(null);
    await proxy.close();
});

it('without CAS (-C) it loads once, and keeps stale values', async () => {
    await start({ withoutCas: true });
    const [cache, other] = [await open(), await open()];
    const loader = counted(300);
    const both = [askAll(cache, loader.load), askAll(other, loader.load)];
    expect(new Set((await Promise.all(both)).flat())).toEqual(new Set(['value']));
    expect(loader.calls).toBe(1);
    const options = { staleFor: 30_000, jitter: 0 };
    const ask = (value: string) => cache.retrieveOrLoad(null, 'stale', 50, () => value, options);
    expect(await ask('old')).toBe('old');
    await sleep(80);
    expect(await ask('new')).toBe('old');
    await sleep(30);
    expect(await other.retrieveOrLoad(null, 'stale', 1000, () => 'newer', options)).toBe('new');
    await expect(cache.retrieveOrLoad(null, 'failing', 1000, () => Promise.reject(new Error('no')))).rejects.toThrow(
        'no',
    );
    await sleep(50);
    expect(await readItem(server, 'failing')).toBeNull();
});

it('a server that is full (-M) is no error', async () => {
    await start({ withoutEviction: true, memoryMegabytes: 1, maxItemBytes: 1024 * 512 });
    const cache = await open({ max_size: 0 });
    for (let i = 0; i < 200; i++) {
        expect(await cache.retrieveOrLoad(null, `key${i}`, 30_000, () => 'x'.repeat(100_000))).toHaveLength(100_000);
    }
    expect(logger.count(/could not be stored/)).toBe(1);
});

describe('close', () => {
    it('while a loader runs: who waits gets its value, and other processes may load', async () => {
        await start();
        const [cache, other] = [await open(), await open()];
        const asked = askAll(cache, counted(500).load);
        await sleep(100);
        await cache.close(null);
        expect(await readItem(server, 'key')).toBeNull();
        expect(await other.retrieveOrLoad(null, 'key', 30_000, () => 'of the other')).toBe('of the other');
        expect(new Set(await asked)).toEqual(new Set(['value']));
        expect(await other.retrieve(null, 'key')).toBe('of the other');
    });

    it('while the lease is being taken: it is released all the same', async () => {
        await start();
        const proxy = await FaultProxy.start(server.port);
        const cache = await openCache({ host: '127.0.0.1', port: proxy.port });
        caches.push(cache);
        await cache.retrieve(null, 'key');
        // The read has been answered, and the next request is that for the lease.
        const isTaken = (): boolean => cache.getStats().servers[0]!.inFlight > 0 && cache.getStats().misses === 2;
        const asked = cache.retrieveOrLoad(null, 'key', 30_000, counted(50).load);
        while (!isTaken()) await new Promise(setImmediate);
        const closing = cache.close(null);
        expect(await asked).toBe('value');
        await closing;
        expect(await readItem(server, 'key')).toBeNull();
        await proxy.close();
    });

    it('while it waits for another process: it loads itself', async () => {
        await start();
        const [cache, other] = [await open(), await open()];
        const first = askAll(cache, counted(1500).load);
        await sleep(100);
        const second = counted(10);
        const waiting = askAll(other, second.load);
        await sleep(100);
        await other.close(null);
        expect(new Set(await waiting)).toEqual(new Set(['value']));
        expect(second.calls).toBe(1);
        await first;
    });

    it('and open again, while a loader of before runs', async () => {
        await start();
        const cache = await open();
        const asked = askAll(cache, counted(300).load);
        await sleep(100);
        await cache.close(null);
        await cache.open(null);
        const later = await cache.retrieveOrLoad(null, 'key', 30_000, () => 'another one');
        expect(['value', 'another one']).toContain(later);
        expect(new Set(await asked)).toEqual(new Set(['value']));
    });

    it('at any moment leaves nothing behind', async () => {
        await start();
        for (let ms = 0; ms < 30; ms += 3) {
            const cache = await open();
            const asked = Array.from({ length: 50 }, (_, i) =>
                cache.retrieveOrLoad(null, `key${ms}-${i % 10}`, 30_000, counted(5).load, { staleFor: 1000 }),
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

describe('What is remembered', () => {
    let user: ConnectionUser;
    let values: ValueStore;
    let loads: LoadThrough;

    beforeEach(async () => {
        await start();
        user = new ConnectionUser();
        user.configure(configOf(server, { max_size: 0 }));
        values = new ValueStore(user);
        loads = new LoadThrough(values);
        await user.open(null);
    });

    afterEach(() => user.close(null));

    it('of 100,000 callers of one key is nothing, and the loader ran once', async () => {
        const loader = counted(500);
        const asked = Array.from({ length: 100_000 }, () => loads.retrieve(null, 'key', 30_000, loader.load, null));
        const answers = await Promise.all(asked);
        expect(new Set(answers)).toEqual(new Set(['value']));
        expect(loader.calls).toBe(1);
        expect([values.loads.size, loads.isIdle]).toEqual([0, true]);
    }, 60_000);

    it('of 10,000 keys is nothing, whatever became of them', async () => {
        const outcomes = [
            () => 'value',
            () => null,
            () => Promise.reject(new Error('no')),
            () => sleep(50),
            () => 5n,
            () => new Promise(() => {}),
        ];
        const controller = new AbortController();
        const asked = Array.from({ length: 10_000 }, (_, i) => {
            const options = { loadTimeout: 3000, signal: i % 7 === 0 ? controller.signal : null, staleFor: i % 2 };
            return loads.retrieve(null, `key${i}`, 30_000, outcomes[i % outcomes.length]!, options);
        });
        setTimeout(() => controller.abort(), 100);
        await Promise.allSettled(asked);
        while (!loads.isIdle) await sleep(10);
        expect(values.loads.size).toBe(0);
    }, 60_000);
});
