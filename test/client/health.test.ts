import type { MemcachedClient } from 'pip-services4-memcached-node';
import { timed } from '../support/LagMeter';
import { useOpener, useServer } from '../support/Opener';
import { holding, passing } from '../support/proxy/FaultProxy';
import { messagesIn, verbOf, verbOfReply } from '../support/proxy/messages';
import { spokenProtocol } from '../support/protocol';
import { readStat } from '../support/server/textProtocol';
import { sleep } from '../support/sleep';

const AWAY = { protocol: null, version: null, roundTripMs: null, memory: null, evictions: null, casEnabled: null };

const open = useOpener();
const server = useServer();

/** Opens a client even when no server answers. */
async function openPatiently(...parameters: Parameters<typeof open.clientOf>): Promise<MemcachedClient> {
    const client = open.clientOf(...parameters);
    await client.open({ allowUnavailable: true });
    return client;
}

it('reports the state of every server', async () => {
    const plain = await open.server();
    const locked = await open.server({ args: ['-C', '-m', '16'] });
    const client = await openPatiently([plain, locked]);
    await client.set('key', 'value');
    const [one, other] = await client.checkHealth();
    expect(one).toEqual({
        address: plain.address,
        reachable: true,
        error: null,
        version: expect.stringMatching(/^1\.\d+\.\d+/),
        protocol: spokenProtocol,
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

it('sends every question, whatever the limit of pending calls', async () => {
    const client = await openPatiently(server, { maxPending: 1 });
    const [report] = await client.checkHealth();
    expect(report).toMatchObject({ reachable: true, memory: { limitBytes: 64 * 1024 * 1024 }, casEnabled: true });
});

it('reports the evictions of a full server', async () => {
    const server = await open.server({ args: ['-m', '2'] });
    const client = await openPatiently(server);
    const value = 'x'.repeat(100_000);
    for (let i = 0; i < 200; i++) await client.set(`key${i}`, value).catch(() => {});
    const [report] = await client.checkHealth();
    expect(report!.evictions).toBeGreaterThan(0);
    expect(report!.evictions).toBe(await readStat(server, 'evictions'));
});

it('reports an unavailable server before the client has noticed', async () => {
    const [there, away] = [await open.server(), await open.server()];
    const client = await openPatiently([there, away]);
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

it('checks a server that is down without waiting for its next probe', async () => {
    const server = await open.server();
    const client = await openPatiently(server, { failures: 1, retries: 0, retryMs: 600_000 });
    await server.kill();
    while (client.getStats()[0]!.isUp) await client.get('key').catch(() => {});
    // The next probe is then too late to find the server.
    const probes = client.getStats()[0]!.connects;
    while (client.getStats()[0]!.connects < probes + 5) await sleep(10);
    await server.restart();
    expect((await client.checkHealth())[0]).toMatchObject({ reachable: true });
});

it('reports a silent server as unreachable after one request_timeout', async () => {
    const proxy = await open.faultProxy(server);
    const client = await openPatiently(proxy, {
        requestTimeoutMs: 300,
        connectTimeoutMs: 60_000,
    });
    proxy.begin(holding);
    const startedMs = performance.now();
    expect((await client.checkHealth())[0]).toMatchObject({ reachable: false, error: { code: 'SERVER_DOWN' } });
    const tookMs = performance.now() - startedMs;
    expect(tookMs).toBeGreaterThanOrEqual(299);
    expect(tookMs).toBeLessThan(3000);
    // The probe does not count as a call.
    expect(client.getStats()[0]).toMatchObject({ isUp: true, sockets: 1, failed: 0, errors: {} });
});

it('takes at most one request_timeout after a slow handshake of a server that then is silent', async () => {
    const proxy = await open.faultProxy(server);
    const client = await openPatiently(proxy, { requestTimeoutMs: 600 });
    proxy.begin({
        reply(link, frame) {
            if (verbOfReply(frame) === 'noop') setTimeout(() => link.toClient(frame), 500);
        },
    });
    const ms = await timed(async () => expect((await client.checkHealth())[0]).toMatchObject({ reachable: false }));
    expect(ms).toBeLessThan(500 + 2 * 600);
});

it('reports a server that answers half of the questions as reachable, and the rest as unknown', async () => {
    const proxy = await open.faultProxy(server);
    const client = await openPatiently(proxy, { requestTimeoutMs: 300 });
    proxy.begin({
        request(link, chunk) {
            const requests = messagesIn(chunk);
            const isHandshake = requests.some(one => verbOf(one) === 'noop');
            for (const one of requests) if (isHandshake || verbOf(one) !== 'stat') link.toServer(one);
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

it('does not retry a wrong password', async () => {
    const server = await open.server({ login: { username: 'ann', password: 'right' } });
    const proxy = await open.faultProxy(server);
    const at = { host: '127.0.0.1', port: proxy.port };
    const client = await openPatiently([{ ...at, login: { username: 'ann', password: 'wrong' } }, await open.server()]);
    const asked = proxy.requestFrames;
    const [refused, other] = await client.checkHealth();
    expect(refused).toMatchObject({ reachable: false, error: { code: 'AUTH_FAILED' } });
    expect(other).toMatchObject({ reachable: true });
    expect(proxy.requestFrames).toBe(asked);
    const right = await openPatiently([{ ...at, login: { username: 'ann', password: 'right' } }]);
    expect((await right.checkHealth())[0]).toMatchObject({ reachable: true });
    const nobody = await openPatiently([at, await open.server()]);
    expect((await nobody.checkHealth())[0]).toMatchObject({ reachable: false, error: { code: 'AUTH_FAILED' } });
});

it('reports a server that is not memcached as unreachable', async () => {
    const other = await open.scripted((_, socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const client = await openPatiently(other, { failures: 1, retryMs: 60_000 });
    const message = expect.stringMatching(/the server speaks HTTP|neither the binary nor the meta protocol works/);
    expect((await client.checkHealth())[0]).toMatchObject({
        reachable: false,
        error: { code: 'SERVER_DOWN', message },
    });
});

it('settles when close interrupts it, and leaves no socket behind', async () => {
    const proxy = await open.faultProxy(server);
    const client = await openPatiently(proxy, { requestTimeoutMs: 300 });
    proxy.begin(holding);
    const asking = client.checkHealth();
    const closing = client.close();
    await expect(client.checkHealth()).rejects.toMatchObject({ code: 'NOT_OPENED' });
    await closing;
    expect((await asking)[0]).toMatchObject({ reachable: false, error: { code: 'SERVER_DOWN' } });
    expect([client.socketCount, client.timerCount, client.pendingCount]).toEqual([0, 0, 0]);
    expect(proxy.linkCount).toBe(0);
    // The client works again when it is open again.
    proxy.begin(passing);
    await client.open();
    expect((await client.checkHealth())[0]).toMatchObject({ reachable: true });
});

it('leaves no socket open, changes no statistics, and runs once for all concurrent callers', async () => {
    const client = await openPatiently(server);
    const before = client.getStats();
    const total = await readStat(server, 'total_connections');
    const reports = await Promise.all(Array.from({ length: 50 }, () => client.checkHealth()));
    expect(new Set(reports).size).toBe(1);
    expect(client.getStats()).toEqual(before);
    expect([client.socketCount, client.pendingCount]).toEqual([1, 0]);
    // One connection belongs to the probe, and one to the reader of this statistic.
    expect((await readStat(server, 'total_connections')) - total).toBe(2);
    expect(await client.checkHealth()).not.toBe(reports[0]);
});

it('rejects with NOT_OPENED before open and after close, which waits for a pending probe', async () => {
    const client = open.clientOf(server);
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
