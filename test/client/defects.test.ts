import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import type { ClientOptions, MemcachedClient } from 'pip-services4-memcached-node';
import { Deadlines } from '../../src/client/calls/Deadlines';
import { ServerMetrics } from '../../src/diagnostics/ServerMetrics';
import { Channel } from '../../src/client/channel/Channel';
import { readClientOptions } from '../../src/client/model/ClientOptions';
import { binaryProtocol } from '../../src/client/protocol/binary';
import { GetCall, readFetched } from '../../src/client/calls/getCalls';
import { LargeValues } from '../../src/client/server/LargeValues';
import { forkSource } from '../support/forkSource';
import { timed } from '../support/LagMeter';
import { useOpener, useServer } from '../support/Opener';
import { type FaultProxy, holding, passing, type Fault, type Link } from '../support/proxy/FaultProxy';
import { readItem } from '../support/server/textProtocol';
import { blackHole, endingOnce, halfThen, inPieces, resettingOnce } from '../faults/replyFaults';

const TIMEOUT_MS = 400;

/** Covers each defect of the transport and the commands of memjs 1.3.2 with one test. */
describe('the defects of memjs', () => {
    const opener = useOpener();
    const memcached = useServer();
    let proxy: FaultProxy;

    beforeEach(async () => {
        proxy = await opener.faultProxy(memcached);
    });

    const open = (options: ClientOptions = {}, ports = [proxy.port]): Promise<MemcachedClient> =>
        opener.client(
            ports.map(port => ({ port })),
            { requestTimeoutMs: TIMEOUT_MS, ...options },
        );

    async function textOf(client: MemcachedClient, key: string): Promise<string | undefined> {
        return (await client.get(key)).value?.toString();
    }

    /** Reads the value directly from the server, without the proxy. */
    const stored = async (key: string, port = memcached.port) =>
        (await readItem({ host: '127.0.0.1', port }, key))?.value ?? null;

    it('settles every call when a connection ends without an error (memjs defect 1)', async () => {
        const client = await open({ retries: 0 });
        proxy.begin(holding);
        const calls = Array.from({ length: 200 }, (_, i) => client.get(`key${i}`));
        const settled = Promise.allSettled(calls);
        const { replyFrames } = proxy;
        await proxy.until(now => now.replyFrames - replyFrames === 200);
        proxy.begin(endingOnce);
        for (const one of await settled) expect(one).toMatchObject({ reason: { code: 'CONNECTION_LOST' } });
        expect(client.pendingCount).toBe(0);
    });

    it('does not carry half a reply into the next connection (memjs defect 2)', async () => {
        const client = await open({ retries: 0 });
        await client.set('first', 'value of first');
        await client.set('second', 'value of second');
        proxy.begin(halfThen('end'));
        await expect(client.get('first')).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
        proxy.begin(passing);
        expect(await textOf(client, 'second')).toBe('value of second');
        expect(await textOf(client, 'first')).toBe('value of first');
    });

    it('keeps the new socket when the old socket closes late (memjs defect 3)', async () => {
        const client = await open();
        await client.set('key', 'value');
        const old: Link[] = [];
        proxy.begin({ ...holding, strike: link => old.push(link) });
        const { replyFrames } = proxy;
        const call = textOf(client, 'key');
        await proxy.until(now => now.replyFrames === replyFrames + 1);
        for (const link of old) link.end();
        await proxy.until(now => now.replyFrames === replyFrames + 2);
        for (const link of old) link.destroy();
        proxy.begin(passing);
        expect(await call).toBe('value');
        expect(client.socketCount).toBe(1);
    });

    it('keeps the deadline of a call despite traffic on the connection (memjs defect 4)', async () => {
        const client = await open({ retries: 0 });
        await client.set('key', 'v'.repeat(1000));
        proxy.begin(dripping(10, 20));
        const started = performance.now();
        await expect(client.get('key')).rejects.toMatchObject({ code: 'TIMEOUT' });
        expect(performance.now() - started).toBeGreaterThan(TIMEOUT_MS - 10);
        proxy.begin(passing);
        expect(await textOf(client, 'key')).toBe('v'.repeat(1000));
    });

    it('numbers calls with unsigned opaques that wrap at 2^32 (memjs defect 5)', async () => {
        await (await open()).set('key', 'value');
        const address = { host: '127.0.0.1', port: memcached.port };
        const options = readClientOptions({
            connectTimeoutMs: TIMEOUT_MS,
            requestTimeoutMs: TIMEOUT_MS,
            idleMs: TIMEOUT_MS,
        });
        const deadlines = new Deadlines();
        const gone = jest.fn();
        const metrics = new ServerMetrics();
        const host = {
            at: address,
            address: 'here',
            options,
            protocol: binaryProtocol,
            requestTimeoutMs: TIMEOUT_MS,
            deadlines,
            metrics,
            epoch: 0,
            identity: null,
            maxInFlight: Infinity,
            largeValues: new LargeValues(() => {}),
        };
        const calls = Array.from({ length: 6 }, () => Object.assign(new GetCall('key', readFetched, null), { host }));
        await new Promise<void>(resolve => {
            const owner = {
                onReady: (channel: Channel) => {
                    for (const call of calls) channel.add(call);
                    channel.flush();
                    void Promise.all(calls.map(call => call.promise)).then(() => channel.end(null));
                },
                onReplies: () => {},
                onGone: gone,
                onClosed: resolve,
            };
            new Channel(host, owner, binaryProtocol, 0xfffffffb);
        });
        expect(calls.map(({ opaque }) => opaque)).toEqual([0xfffffffd, 0xfffffffe, 0xffffffff, 0, 1, 2]);
        for (const call of calls) expect(await call.promise).toBe('value');
        expect(gone).toHaveBeenCalledWith(expect.anything(), null, expect.objectContaining({ first: null }));
        deadlines.stop();
    });

    it('answers later calls after an exception in a callback (memjs defect 6)', async () => {
        const child = forkSource(join(__dirname, 'throwingCallback.ts'), [memcached.port], { silent: true });
        const stdout = await text(child.stdout!);
        expect(JSON.parse(stdout)).toEqual({ thrown: ['of the callback'], values: ['value', 'value'], sockets: 1 });
    });

    it('prepends with prepend (memjs defect 7)', async () => {
        const client = await open();
        await client.set('text', 'b');
        await client.prepend('text', 'a');
        await client.append('text', 'c');
        expect(await textOf(client, 'text')).toBe('abc');
    });

    it('counts with 64 bits (memjs defect 7)', async () => {
        const client = await open();
        await client.set('count', String(2n ** 32n - 1n));
        expect(await client.increment('count', 1)).toEqual({ success: true, value: 2n ** 32n });
        expect(await client.increment('count', 2n ** 60n)).toEqual({ success: true, value: 2n ** 60n + 2n ** 32n });
        expect(await client.decrement('count', 2n ** 60n)).toEqual({ success: true, value: 2n ** 32n });
    });

    it('accepts an expiry of 0 and rejects an unsupported expiry (memjs defect 8)', async () => {
        const client = await open();
        expect(await client.set('key', 'value', { expires: 0 })).toBe(true);
        for (const expires of [-1, 0.5, NaN, Infinity]) {
            await expect(client.set('key', 'other', { expires })).rejects.toMatchObject({ code: 'INVALID_TTL' });
        }
        expect(await textOf(client, 'key')).toBe('value');
    });

    it('sends non-idempotent calls once and retries idempotent calls (memjs defect 9)', async () => {
        const client = await open();
        await client.set('count', '10');
        await client.set('text', 'a');
        await client.delete('added');
        proxy.begin(holding);
        const { replyFrames } = proxy;
        const once = [client.increment('count', 1), client.append('text', 'b'), client.add('added', 'value')];
        const again = [client.get('text'), client.set('other', 'value')];
        const settled = Promise.allSettled(once);
        await proxy.until(now => now.replyFrames - replyFrames === once.length + again.length);
        proxy.begin(resettingOnce);
        for (const one of await settled) expect(one).toMatchObject({ reason: { code: 'CONNECTION_LOST' } });
        await Promise.all(again);
        expect(await stored('count')).toBe('11');
        expect(await stored('text')).toBe('ab');
    });

    it('does not wait the full timeout for a dead server, and does not move its keys (memjs defect 10)', async () => {
        const dying = await opener.server();
        const client = await open({ failures: 2, requestTimeoutMs: 2000 }, [memcached.port, dying.port]);
        const keys = Array.from({ length: 50 }, (_, i) => `moving${i}`);
        await Promise.all(keys.map(key => client.set(key, 'before')));
        const onDying = await Promise.all(keys.map(key => stored(key, dying.port)));
        const lost = keys.filter((_, i) => onDying[i] !== null);
        expect(lost.length).toBeGreaterThan(0);
        expect(lost.length).toBeLessThan(keys.length);

        await dying.end();
        const ms = await timed(async () => {
            for (const one of await Promise.allSettled(lost.map(key => client.set(key, 'after')))) {
                expect(one).toMatchObject({ reason: { details: { server: dying.address } } });
            }
            await expect(client.get(lost[0]!)).rejects.toMatchObject({ code: 'SERVER_DOWN' });
        });
        expect(ms).toBeLessThan(1000);
        for (const key of lost) expect(await stored(key)).toBeNull();
        for (const key of keys) if (!lost.includes(key)) expect(await textOf(client, key)).toBe('before');
    });

    it('settles pending calls on close, and ignores later replies (memjs defect 11)', async () => {
        const client = await open();
        proxy.begin(blackHole);
        const callback = jest.fn();
        client.get('key', callback);
        client.quit();
        await client.close();
        await proxy.until(({ linkCount }) => linkCount === 0);
        expect(callback).toHaveBeenCalledWith(expect.objectContaining({ code: 'TIMEOUT' }), null, null);
        await expect(client.get('key')).rejects.toMatchObject({ code: 'NOT_OPENED' });
        expect([proxy.linkCount, client.socketCount]).toEqual([0, 0]);
    });

    it('connects to an IPv6 address (memjs defect 12)', async () => {
        const server = await opener.server({ host: '::1' });
        const client = await opener.client(server);
        await client.set('key', 'value');
        expect(await textOf(client, 'key')).toBe('value');
        await server.kill();
        await expect(client.get('key')).rejects.toMatchObject({ details: { server: server.address } });
    });

    it('ignores servers in the environment (memjs defect 12)', async () => {
        process.env.MEMCACHIER_SERVERS = process.env.MEMCACHE_SERVERS = `127.0.0.1:${memcached.port}`;
        try {
            const client = opener.clientOf([], { requestTimeoutMs: TIMEOUT_MS });
            await expect(client.open()).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
            expect(client.socketCount).toBe(0);
        } finally {
            delete process.env.MEMCACHIER_SERVERS;
            delete process.env.MEMCACHE_SERVERS;
        }
    });

    it('rejects with a code when the login is missing (memjs defect 13)', async () => {
        const server = await opener.server({ login: { username: 'ann', password: 'secret' } });
        const call = open({}, [server.port]).then(client => client.get('key'));
        await expect(call).rejects.toMatchObject({
            code: expect.stringMatching(/^(AUTH_FAILED|CONNECT_FAILED|SERVER_ERROR)$/),
            details: { server: server.address },
        });
    });

    it('prints nothing and leaves the options unchanged (memjs defect 13)', async () => {
        const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
        const writeError = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
        const log = jest.spyOn(console, 'log').mockReturnValue(undefined);
        const client = await open(Object.freeze({ retries: 1, failures: 1 }));
        proxy.begin(halfThen('reset'));
        await expect(client.get('key')).rejects.toMatchObject({ code: expect.any(String) });
        const printed = [write, writeError, log].flatMap(spy => spy.mock.calls);
        jest.restoreAllMocks();
        expect(printed).toEqual([]);
    });

    it('assembles a value that arrives in a thousand pieces (memjs defect 14)', async () => {
        const client = await open({ requestTimeoutMs: 5000 });
        const value = Buffer.alloc(1_000_000);
        for (let at = 0; at < value.length; at += 4) value.writeUInt32BE(at, at);
        await client.set('large', value);
        proxy.begin(inPieces(1000));
        expect((await client.get('large')).value?.equals(value)).toBe(true);
    });

    it('supports batches, CAS and Unix sockets (memjs defect 15)', async () => {
        const server = await opener.server({ unixSocket: true });
        const client = await opener.client({ host: 'localhost', port: 0, path: server.socketPath });
        const cas = await client.casAdd('key', 'value');
        expect(await client.casSet('key', 'other', cas! + 1n)).toMatchObject({ outcome: 'changed' });
        expect(await client.casDelete('key', cas!)).toBe('deleted');
        await client.setMany([
            ['a', 'value of a'],
            ['b', 'value of b'],
        ]);
        const { items } = await client.getMany(['a', 'b', 'c']);
        expect([...items].map(([key, { value }]) => [key, value?.toString()])).toEqual([
            ['a', 'value of a'],
            ['b', 'value of b'],
        ]);
    });
});

/**
 * Returns a fault that sends every reply in small parts, so that the connection is never silent.
 */
function dripping(bytes: number, everyMs: number): Fault {
    return {
        reply(link, frame) {
            const drip = (at: number): void => {
                if (at >= frame.length || !link.isOpen) return;
                link.toClient(frame.subarray(at, at + bytes));
                setTimeout(drip, everyMs, at + bytes).unref();
            };
            drip(0);
        },
    };
}
