import { MemcachedClient } from '../../src/client/MemcachedClient';
import type { ClientOptions } from '../../src/client/ClientOptions';
import { codeOf } from '../support/openCache';
import { MemcachedProcess } from '../support/server/MemcachedProcess';
import { RecordingProxy } from '../support/proxy/RecordingProxy';

/** Servers under load, of which some are killed, suspended and started again. What is counted stands before the first one. */
let servers: MemcachedProcess[];
let proxy: RecordingProxy;
let client: MemcachedClient;
let heard: string[];
let wake: () => void;

const keys = Array.from({ length: 300 }, (_, i) => `key:${i}`);
const OPTIONS: Partial<ClientOptions> = { requestTimeoutMs: 1000, failures: 3, retryMs: 300, reconnectMs: 50 };

async function open(count: number, options: Partial<ClientOptions> = {}): Promise<void> {
    servers = await Promise.all(Array.from({ length: count }, () => MemcachedProcess.start()));
    proxy = await RecordingProxy.start(servers[0]);
    heard = [];
    const hear = (what: string) => {
        heard.push(what);
        wake();
    };
    const observer = { onDown: () => hear('down'), onUp: () => hear('up') };
    const addresses = [proxy, ...servers.slice(1)].map(({ host, port }) => ({ host, port }));
    client = new MemcachedClient(addresses, { ...OPTIONS, observer, ...options });
    await client.open();
    expect((await client.setMany(keys.map(key => [key, key]))).failed.size).toBe(0);
}

const isOfFirst = (key: string) => client.home(key).port === proxy.port;
const until = async (what: string, times = 1): Promise<void> => {
    while (heard.filter(one => one === what).length < times) await new Promise<void>(resolve => (wake = resolve));
};

beforeEach(() => (wake = () => {}));

afterEach(async () => {
    for (const server of servers) server.continue();
    await client.close();
    await proxy.end();
    await Promise.all(servers.map(server => server.end()));
});

interface Tally {
    calls: number;
    misses: number;
    errors: string[];
}

/** 32 who ask without a break, 4 of them for batches; told apart by whose key it was. */
function load(): { first: Tally; others: Tally; stop: () => Promise<void> } {
    const tally = (): Tally => ({ calls: 0, misses: 0, errors: [] });
    const [first, others] = [tally(), tally()];
    let isOver = false;
    const note = (key: string, isThere: boolean, error?: Error): void => {
        const one = isOfFirst(key) ? first : others;
        one.calls++;
        if (error !== undefined) one.errors.push((error as Error & { code: string }).code);
        else if (!isThere) one.misses++;
    };
    const ask = async (from: number): Promise<void> => {
        for (let i = from; !isOver; i++) {
            const key = keys[i % keys.length]!;
            try {
                const isRead = i % 4 !== 0;
                const isThere = isRead ? (await client.get(key)).value !== null : await client.set(key, key);
                note(key, isThere);
            } catch (error) {
                note(key, false, error as Error);
                // What fails at once would leave the others no turn.
                await new Promise(resolve => setTimeout(resolve, 5));
            }
        }
    };
    const askMany = async (): Promise<void> => {
        while (!isOver) {
            const { items, failed } = await client.getMany(keys);
            for (const key of keys) note(key, items.has(key), failed.get(key));
            await new Promise(resolve => setTimeout(resolve, 5));
        }
    };
    const done = Promise.all([
        ...Array.from({ length: 28 }, (_, i) => ask(i * 11)),
        ...Array.from({ length: 4 }, () => askMany()),
    ]);
    return { first, others, stop: async () => ((isOver = true), void (await done)) };
}

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

describe.each([3, 5, 7])('one of %d servers', count => {
    it('that is killed and started again costs the others no call, and its own calls fail at once', async () => {
        await open(count);
        const { first, others, stop } = load();
        await pause(200);
        await servers[0]!.kill();
        await until('down');
        first.errors.length = 0;
        await pause(300);
        expect(new Set(first.errors)).toEqual(new Set(['SERVER_DOWN']));

        const mine = keys.filter(isOfFirst);
        const begun = performance.now();
        for (let i = 0; i < 200; i++) expect(await codeOf(client.get(mine[i % mine.length]!))).toBe('SERVER_DOWN');
        // Each would take a second if it waited.
        expect(performance.now() - begun).toBeLessThan(5000);

        await servers[0]!.restart();
        await until('up');
        await pause(200);
        first.errors.length = 0;
        await pause(200);
        await stop();
        expect(first.errors).toEqual([]);
        expect(others).toMatchObject({ errors: [], misses: 0 });
        expect(others.calls).toBeGreaterThan(1000);
        expect(heard).toEqual(['down', 'up']);
    });

    it('that is suspended for a while costs the others no call', async () => {
        await open(count, { requestTimeoutMs: 300, failures: 2 });
        const { first, others, stop } = load();
        await pause(100);
        await servers[0]!.stop();
        await until('down');
        await pause(200);
        servers[0]!.continue();
        await until('up');
        await pause(300);
        first.errors.length = 0;
        await pause(200);
        await stop();
        expect(first.errors).toEqual([]);
        expect(others).toMatchObject({ errors: [], misses: 0 });
    });
});

describe('a server that is down', () => {
    it('is tried by one connection at a time, and comes back without a flood', async () => {
        await open(3, { poolSize: 3, failures: 1, retryMs: 50 });
        const { stop } = load();
        await pause(100);
        await servers[0]!.kill();
        await until('down');
        await pause(100);
        proxy.mostAtOnce = 0;
        const before = proxy.connections;
        const begun = performance.now();
        await pause(1000);
        const probes = proxy.connections - before;
        expect(proxy.mostAtOnce).toBe(1);
        // One probe after another, of which each waits for at least three quarters of `retryMs`.
        expect(probes).toBeGreaterThan(2);
        expect(probes).toBeLessThanOrEqual((performance.now() - begun) / 37 + 1);

        proxy.mostAtOnce = 0;
        const connections = proxy.connections;
        await servers[0]!.restart();
        await until('up');
        await pause(200);
        await stop();
        expect(proxy.mostAtOnce).toBeLessThanOrEqual(3);
        // The last probe's connection stays in use; probes that came while it started are over.
        expect(proxy.connections - connections).toBeLessThan(20);
    });

    it('with failover gives its keys to the next ones and takes them back; what is pinned stays at home', async () => {
        await open(4, { failover: true, failures: 1 });
        const mine = keys.filter(isOfFirst);
        const { others, stop } = load();
        await servers[0]!.kill();
        await until('down');
        await pause(100);
        for (const key of mine) {
            expect(client.server(key)).not.toBe(client.home(key));
            expect(await client.set(key, 'elsewhere')).toBe(true);
        }
        expect(new Set(mine.map(key => client.server(key).port)).size).toBeGreaterThan(1);
        for (const key of mine.slice(0, 20)) {
            expect(await codeOf(client.gets(key, { pinned: true }))).toBe('SERVER_DOWN');
            expect(await codeOf(client.casAdd(key, 'lock', { pinned: true }))).toBe('SERVER_DOWN');
        }
        await servers[0]!.restart();
        await until('up');
        for (const key of mine) expect(client.server(key)).toBe(client.home(key));
        expect(typeof (await client.casAdd('pinned', 'lock', { pinned: true }))).toBe('bigint');
        await stop();
        expect(others.errors).toEqual([]);
    });
});

it('servers that go and come in turn leave the client whole', async () => {
    await open(5, { failures: 1, retryMs: 50 });
    const { stop } = load();
    for (let round = 1; round <= 5; round++) {
        const server = servers[round - 1]!;
        await server.kill();
        await until('down', round);
        await server.restart();
        await until('up', round);
    }
    await stop();
    expect((await client.setMany(keys.map(key => [key, key]))).failed.size).toBe(0);
    expect((await client.getMany(keys)).items.size).toBe(keys.length);
    await client.close();
    expect([client.socketCount, client.pendingCount, client.timerCount]).toEqual([0, 0, 0]);
});
