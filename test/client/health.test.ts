import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { MemcachedClient } from '../../src/client/MemcachedClient';
import { FaultProxy, holding, passing } from '../support/proxy/FaultProxy';
import { MemcachedProcess } from '../support/server/MemcachedProcess';
import { readStat } from '../support/server/textProtocol';

const AWAY = { version: null, roundTripMs: null, memory: null, evictions: null, casEnabled: null };

const used: { end?(): Promise<unknown>; close?(): Promise<unknown> }[] = [];
afterEach(async () => {
    for (const one of used.splice(0).reverse()) await (one.end?.() ?? one.close?.());
});

async function start(options?: Parameters<typeof MemcachedProcess.start>[0]): Promise<MemcachedProcess> {
    const server = await MemcachedProcess.start(options);
    used.push(server);
    return server;
}

async function proxyOf(server: MemcachedProcess): Promise<FaultProxy> {
    const proxy = await FaultProxy.start(server.port);
    used.push({ close: () => proxy.close() });
    return proxy;
}

async function open(...parameters: ConstructorParameters<typeof MemcachedClient>): Promise<MemcachedClient> {
    const client = new MemcachedClient(...parameters);
    used.push({ close: () => client.close() });
    await client.open({ mayBeAway: true });
    return client;
}

it('says of every server how it is', async () => {
    const plain = await start();
    const locked = await start({ args: ['-C', '-m', '16'] });
    const client = await open([plain, locked]);
    await client.set('key', 'value');
    const [one, other] = await client.checkHealth();
    expect(one).toEqual({
        address: plain.address,
        reachable: true,
        error: null,
        version: expect.stringMatching(/^1\.\d+\.\d+/),
        roundTripMs: expect.any(Number),
        memory: { limitBytes: 64 * 1024 * 1024, usedBytes: await readStat(plain, 'bytes') },
        evictions: 0,
        casEnabled: true,
    });
    expect(one!.roundTripMs).toBeGreaterThan(0);
    expect(other).toMatchObject({
        address: locked.address,
        memory: { limitBytes: 16 * 1024 * 1024 },
        casEnabled: false,
    });
});

it('counts what had to go for want of memory', async () => {
    const server = await start({ args: ['-m', '2'] });
    const client = await open([server]);
    const value = 'x'.repeat(100_000);
    for (let i = 0; i < 200; i++) await client.set(`key${i}`, value).catch(() => {});
    const [report] = await client.checkHealth();
    expect(report!.evictions).toBeGreaterThan(0);
    expect(report!.evictions).toBe(await readStat(server, 'evictions'));
});

it('a server that is away is an answer, also before the client knows of it', async () => {
    const [there, away] = [await start(), await start()];
    const client = await open([there, away]);
    await away.kill();
    const [one, other] = await client.checkHealth();
    expect(one).toMatchObject({ reachable: true });
    expect(other).toEqual({
        address: away.address,
        reachable: false,
        error: { code: 'SERVER_DOWN', message: expect.stringContaining('ECONNREFUSED') },
        ...AWAY,
    });
});

it('a server that counts as down is tried: it may be back long before the next probe', async () => {
    const server = await start();
    const client = await open([server], { failures: 1, retries: 0, retryMs: 600_000 });
    await server.kill();
    while (client.getStats()[0]!.isUp) await client.get('key').catch(() => {});
    // Until the next probe is so far away that it is not what finds the server.
    const probes = client.getStats()[0]!.connects;
    while (client.getStats()[0]!.connects < probes + 5) await delay(10);
    await server.restart();
    expect((await client.checkHealth())[0]).toMatchObject({ reachable: true });
});

it('a server that does not answer: within one request_timeout', async () => {
    const proxy = await proxyOf(await start());
    const client = await open([{ host: '127.0.0.1', port: proxy.port }], {
        requestTimeoutMs: 300,
        connectTimeoutMs: 60_000,
    });
    proxy.begin(holding);
    const startedMs = performance.now();
    expect((await client.checkHealth())[0]).toMatchObject({ reachable: false, error: { code: 'TIMEOUT' } });
    const tookMs = performance.now() - startedMs;
    expect(tookMs).toBeGreaterThanOrEqual(299);
    expect(tookMs).toBeLessThan(3000);
    // It is nobody's call.
    expect(client.getStats()[0]).toMatchObject({ isUp: true, sockets: 1, failed: 0, errors: {} });
});

it('a server that is slow to connect and then silent: within one request_timeout, not two', async () => {
    const proxy = await proxyOf(await start());
    const client = await open([{ host: '127.0.0.1', port: proxy.port }], { requestTimeoutMs: 1000 });
    const timers: NodeJS.Timeout[] = [];
    proxy.begin({
        reply(link, frame) {
            // 0x0a is NOOP.
            if (frame[1] === 0x0a) timers.push(setTimeout(() => link.toClient(frame), 900));
        },
    });
    const startedMs = performance.now();
    expect((await client.checkHealth())[0]).toMatchObject({ reachable: false });
    expect(performance.now() - startedMs).toBeLessThan(1700);
    timers.forEach(clearTimeout);
});

it('a server that answers half of the questions is reachable, and the rest is not known', async () => {
    const proxy = await proxyOf(await start());
    const client = await open([{ host: '127.0.0.1', port: proxy.port }], { requestTimeoutMs: 300 });
    proxy.begin({
        reply(link, frame) {
            // 0x10 is STAT.
            if (frame[1] !== 0x10) link.toClient(frame);
        },
    });
    expect((await client.checkHealth())[0]).toMatchObject({
        reachable: true,
        version: expect.any(String),
        memory: null,
        evictions: null,
        casEnabled: null,
    });
});

it('a wrong password is not tried again', async () => {
    const server = await start({ login: { username: 'ann', password: 'right' } });
    const proxy = await proxyOf(server);
    const at = { host: '127.0.0.1', port: proxy.port };
    const client = await open([{ ...at, login: { username: 'ann', password: 'wrong' } }, await start()]);
    const asked = proxy.requestFrames;
    const [refused, other] = await client.checkHealth();
    expect(refused).toMatchObject({ reachable: false, error: { code: 'AUTH_FAILED' } });
    expect(other).toMatchObject({ reachable: true });
    expect(proxy.requestFrames).toBe(asked);
    const right = await open([{ ...at, login: { username: 'ann', password: 'right' } }]);
    expect((await right.checkHealth())[0]).toMatchObject({ reachable: true });
    const nobody = await open([at, await start()]);
    expect((await nobody.checkHealth())[0]).toMatchObject({ reachable: false, error: { code: 'AUTH_FAILED' } });
});

it('what is no memcached is not reachable', async () => {
    const listener = createServer(socket => {
        socket.on('error', () => {});
        socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    });
    used.push({ close: () => new Promise(resolve => listener.close(resolve)) });
    await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as AddressInfo;
    const client = await open([{ host: '127.0.0.1', port }], { failures: 1, retryMs: 60_000 });
    const message = expect.stringContaining('not in memcached');
    expect((await client.checkHealth())[0]).toMatchObject({
        reachable: false,
        error: { code: 'CONNECTION_LOST', message },
    });
});

it('close in the middle: it is answered, and nothing is left', async () => {
    const proxy = await proxyOf(await start());
    const client = await open([{ host: '127.0.0.1', port: proxy.port }], { requestTimeoutMs: 300 });
    proxy.begin(holding);
    const asking = client.checkHealth();
    const closing = client.close();
    await expect(client.checkHealth()).rejects.toMatchObject({ code: 'NOT_OPENED' });
    await closing;
    expect((await asking)[0]).toMatchObject({ reachable: false, error: { code: 'TIMEOUT' } });
    expect([client.socketCount, client.timerCount, client.pendingCount]).toEqual([0, 0, 0]);
    expect(proxy.linkCount).toBe(0);
    // Opened again, it answers again.
    proxy.begin(passing);
    await client.open();
    expect((await client.checkHealth())[0]).toMatchObject({ reachable: true });
});

it('leaves nothing open, counts in no numbers, and is asked once for all who ask at the same time', async () => {
    const server = await start();
    const client = await open([server]);
    const before = client.getStats();
    const total = await readStat(server, 'total_connections');
    const reports = await Promise.all(Array.from({ length: 50 }, () => client.checkHealth()));
    expect(new Set(reports).size).toBe(1);
    expect(client.getStats()).toEqual(before);
    expect([client.socketCount, client.pendingCount]).toEqual([1, 0]);
    // One of it, one that looks.
    expect((await readStat(server, 'total_connections')) - total).toBe(2);
    expect(await client.checkHealth()).not.toBe(reports[0]);
});

it('rejects with NOT_OPENED before open and after close; close waits for one that is under way', async () => {
    const server = await start();
    const client = new MemcachedClient([server]);
    await expect(client.checkHealth()).rejects.toMatchObject({ code: 'NOT_OPENED' });
    await client.open();
    const asking = client.checkHealth();
    let isAnswered = false;
    void asking.then(() => (isAnswered = true));
    await client.close();
    expect(isAnswered).toBe(true);
    expect((await asking)[0]).toMatchObject({ reachable: true });
    expect([client.socketCount, client.timerCount, client.pendingCount]).toEqual([0, 0, 0]);
    await expect(client.checkHealth()).rejects.toMatchObject({ code: 'NOT_OPENED' });
});
