import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { MemcachedClient } from '../../src/client/MemcachedClient';
import { BULK_BYTES } from '../../src/client/LargeReplies';
import { FaultProxy, holding, passing, type Link } from '../support/proxy/FaultProxy';
import { MemcachedProcess } from '../support/server/MemcachedProcess';

const code = (promise: Promise<unknown>) => promise.then(String, (error: { code: string }) => error.code);

/** Resolves with what the observer hears, in order. */
function listen() {
    const heard: string[] = [];
    const waiters: (() => void)[] = [];
    const hear = (what: string) => {
        heard.push(what);
        waiters.splice(0).forEach(wake => wake());
    };
    return {
        heard,
        observer: {
            onDown: (address: string, fault: Error) => hear(`down ${address}: ${fault.message}`),
            onUp: (address: string) => hear(`up ${address}`),
        },
        next: async (count: number) => {
            while (heard.length < count) await new Promise<void>(resolve => waiters.push(resolve));
        },
    };
}

describe('a server that goes away', () => {
    it('is down after `failures` faults in a row, said once, and up again after one probe', async () => {
        const server = await MemcachedProcess.start();
        const { heard, observer, next } = listen();
        const client = new MemcachedClient([server], { failures: 3, retryMs: 200, observer });
        await client.open();
        await server.kill();

        const first = await Promise.all(Array.from({ length: 50 }, (_, i) => code(client.get(`key${i}`))));
        expect(new Set(first)).toEqual(new Set(['SERVER_DOWN']));
        expect(heard).toEqual([expect.stringMatching(`down ${server.address}: .*ECONNREFUSED`)]);

        // Nobody waits for a server that is down.
        const before = client.pendingCount;
        const failing = client.get('key');
        expect(client.pendingCount).toBe(before);
        expect(await code(failing)).toBe('SERVER_DOWN');

        await server.restart();
        await next(2);
        expect(heard[1]).toBe(`up ${server.address}`);
        expect(await client.set('key', 'value')).toBe(true);
        expect(heard.length).toBe(2);
        await client.close();
        await server.end();
    });

    it('and comes back before it counts as down is not noticed by repeatable calls', async () => {
        const server = await MemcachedProcess.start();
        const { heard, observer } = listen();
        const client = new MemcachedClient([server], {
            requestTimeoutMs: 5000,
            failures: 20,
            reconnectMs: 100,
            observer,
        });
        await client.open();
        await server.kill();
        const calls = Promise.all([client.set('a', '1'), client.get('b'), client.delete('c'), client.getMany(['d'])]);
        await server.restart();
        expect(await calls).toMatchObject([true, { value: null }, false, { failed: new Map() }]);
        expect(heard).toEqual([]);
        await client.close();
        await server.end();
    });

    it('gives a call that was never sent the time to be sent, also one that may not be repeated', async () => {
        const server = await MemcachedProcess.start();
        const client = new MemcachedClient([server], { requestTimeoutMs: 5000, failures: 20, idleMs: 20 });
        await client.open();
        while (client.socketCount > 0) await new Promise(resolve => setTimeout(resolve, 5));
        await server.kill();
        const counted = client.increment('n', 1, { initial: 7 });
        await server.restart();
        expect((await counted).value).toBe(7n);
        await client.close();
        await server.end();
    });

    it('has another generation when a connection is lost, though another one seems to be open still', async () => {
        const server = await MemcachedProcess.start();
        const proxy = await FaultProxy.start(server.port);
        const client = new MemcachedClient([{ host: '127.0.0.1', port: proxy.port }], { poolSize: 2 });
        await client.open();
        const value = Buffer.alloc(BULK_BYTES);
        const storeTwo = () => Promise.all(['a', 'b'].map(key => client.set(key, value)));
        while (client.socketCount < 2) await storeTwo();
        await storeTwo();
        const before = client.generation('key');
        const silent: Link[] = [];
        proxy.begin({ ...holding, strike: link => silent.push(link) });
        const calls = storeTwo();
        await proxy.until(() => silent.every(({ held }) => held.length === 1));
        // The proxy keeps what it knows of the end to itself, as a network does when the power goes.
        await server.restart();
        silent[0]!.reset();
        while (client.socketCount === 2) await new Promise(setImmediate);
        expect(client.generation('key')).toBeGreaterThan(before);
        for (const link of silent) link.destroy();
        proxy.begin(passing);
        expect(await calls).toEqual([true, true]);
        await client.close();
        await proxy.close();
        await server.end();
    });
});

it('a process that is busy for longer than a call may take does not take an answer that has come for missing', async () => {
    const server = await MemcachedProcess.start();
    const client = new MemcachedClient([server], { requestTimeoutMs: 100 });
    await client.open();
    await client.set('key', 'value');
    const call = client.getText('key');
    await new Promise(setImmediate);
    const until = performance.now() + 200;
    while (performance.now() < until);
    expect(await call).toBe('value');
    await client.close();
    await server.end();
});

describe('a server of a script', () => {
    let listener: Server;
    let sockets: Socket[];
    /** What is done with each connection. */
    let onConnection: (socket: Socket) => void;

    beforeEach(async () => {
        sockets = [];
        listener = createServer(socket => {
            sockets.push(socket.on('error', () => {}));
            onConnection(socket);
        }).listen(0, '127.0.0.1');
        await once(listener, 'listening');
    });

    afterEach(async () => {
        for (const socket of sockets) socket.destroy();
        await new Promise(resolve => listener.close(resolve));
    });

    const address = () => listener.address() as { port: number };
    const clientOf = (options: object) => new MemcachedClient([{ host: '127.0.0.1', port: address().port }], options);

    /** Answers every frame with an empty "ok" of the same opcode and opaque. */
    const answerAll = (socket: Socket) => {
        let rest: Buffer = Buffer.alloc(0);
        return socket.on('data', data => {
            rest = Buffer.concat([rest, data]);
            while (rest.length >= 24 && rest.length >= 24 + rest.readUInt32BE(8)) {
                const reply = Buffer.alloc(24);
                reply[0] = 0x81;
                reply[1] = rest[1]!;
                rest.copy(reply, 12, 12, 16);
                socket.write(reply);
                rest = rest.subarray(24 + rest.readUInt32BE(8));
            }
        });
    };

    it('that is down is probed by one connection at a time, however many call', async () => {
        onConnection = answerAll;
        const { observer, next } = listen();
        const client = clientOf({ failures: 2, retryMs: 100, requestTimeoutMs: 100, observer });
        await client.open();
        for (const socket of sockets) socket.destroy();
        let open = 0;
        let most = 0;
        onConnection = socket => {
            most = Math.max(most, ++open);
            socket.once('close', () => open--).resume();
        };
        // Silence: each round of calls is a fault.
        while ((await code(client.get('key'))) !== 'SERVER_DOWN');
        await next(1);
        const until = Date.now() + 600;
        while (Date.now() < until) {
            await Promise.all(Array.from({ length: 20 }, () => code(client.get('key'))));
            await new Promise(setImmediate);
        }
        expect(most).toBe(1);
        onConnection = answerAll;
        await next(2);
        expect(await client.set('key', 'value')).toBe(true);
        await client.close();
    });

    it('that speaks another protocol is said so', async () => {
        onConnection = socket => void socket.on('data', () => socket.write('ERROR\r\n'));
        await expect(clientOf({}).open()).rejects.toMatchObject({
            code: 'CONNECT_FAILED',
            message: expect.stringContaining('it answers in text (ERROR)'),
        });
    });

    it('that closes five sockets at once has one fault, not five', async () => {
        onConnection = answerAll;
        const { heard, observer } = listen();
        const client = clientOf({ failures: 2, requestTimeoutMs: 3000, poolSize: 5, observer });
        await client.open();
        // Much to send makes it open all of its sockets.
        const value = Buffer.alloc(50_000);
        const storeMuch = () => Promise.all(Array.from({ length: 100 }, () => client.set('key', value)));
        while (client.socketCount < 5) await storeMuch();
        const calls = storeMuch();
        await new Promise(setImmediate);
        for (const socket of sockets) socket.destroy();
        expect((await calls).every(Boolean)).toBe(true);
        expect(heard).toEqual([]);
        await client.close();
    });

    it('sees one socket while calls are small, however many they are', async () => {
        onConnection = answerAll;
        const client = clientOf({ poolSize: 5 });
        await client.open();
        for (let i = 0; i < 5; i++) await Promise.all(Array.from({ length: 300 }, (_, k) => client.set(`k${k}`, 'v')));
        expect(sockets.length).toBe(1);
        await client.close();
    });

    it('closes an idle socket of its own, and the next call opens one', async () => {
        onConnection = answerAll;
        const client = clientOf({ idleMs: 30 });
        await client.open();
        await once(sockets[0]!, 'close');
        while (client.socketCount > 0) await new Promise(setImmediate);
        expect(await client.set('key', 'value')).toBe(true);
        expect(sockets.length).toBe(2);
        await client.close();
    });

    it('that needs too long for a large batch is asked for none of it after the deadline', async () => {
        onConnection = answerAll;
        const { heard, observer } = listen();
        const client = clientOf({ requestTimeoutMs: 100, poolSize: 1, observer });
        await client.open();
        for (const socket of sockets) socket.removeAllListeners('data').resume();
        onConnection = socket => void socket.resume();
        const { failed } = await client.getMany(Array.from({ length: 50_000 }, (_, i) => `key${i}`));
        expect(failed.size).toBe(50_000);
        expect(new Set([...failed.values()].map(error => (error as { code?: string }).code))).toEqual(
            new Set(['TIMEOUT']),
        );
        expect(heard).toEqual([]);
        expect(sockets.length).toBe(1);
        await client.close();
    });

    it('that loses every race for a counter is asked no longer than one call may take', async () => {
        const client = clientOf({ requestTimeoutMs: 200 });
        onConnection = answerAll;
        await client.open();
        sockets[0]!.removeAllListeners('data').on('data', frame => {
            const reply = Buffer.alloc(24);
            reply[0] = 0x81;
            reply[7] = 0x05;
            frame.copy(reply, 12, 12, 16);
            setTimeout(() => sockets[0]!.write(reply), 60);
        });
        const started = performance.now();
        expect(await code(client.increment('n', 1))).toBe('TIMEOUT');
        expect(performance.now() - started).toBeLessThan(400);
        await client.close();
    });

    it('that goes away in the middle of a batch leaves each key in one of the two answers', async () => {
        onConnection = answerAll;
        const client = clientOf({ retries: 0 });
        await client.open();
        const [socket] = sockets;
        socket!.removeAllListeners('data').once('data', frames => {
            const reply = Buffer.alloc(29);
            reply[0] = 0x81;
            reply[1] = 0x09;
            reply[4] = 4;
            reply[11] = 5;
            frames.copy(reply, 12, 12, 16);
            socket!.end(reply);
        });
        const { items, failed } = await client.getMany(['a', 'b']);
        expect([...items.keys()]).toEqual(['a']);
        expect([...failed.keys()]).toEqual(['b']);
        await client.close();
    });

    it('gets every call of a turn in one write', async () => {
        const chunks: number[] = [];
        onConnection = socket => answerAll(socket.on('data', data => void chunks.push(data.length)));
        const client = clientOf({});
        await client.open();
        chunks.length = 0;
        await Promise.all(Array.from({ length: 100 }, (_, i) => client.get(`key${i}`).catch(() => {})));
        expect(chunks.length).toBe(1);
        await client.close();
    });
});

describe('open and close', () => {
    it('before open, after close: NOT_OPENED', async () => {
        const server = await MemcachedProcess.start();
        const client = new MemcachedClient([server]);
        expect(await code(client.get('key'))).toBe('NOT_OPENED');
        await client.close();
        await client.open();
        await client.open();
        expect(client.isOpen()).toBe(true);
        await Promise.all([client.close(), client.close()]);
        expect(client.isOpen()).toBe(false);
        expect(await code(client.set('key', 'value'))).toBe('NOT_OPENED');
        expect(await code(client.getMany(['key']))).toBe('NOT_OPENED');
        await client.open();
        expect(await client.set('key', 'value')).toBe(true);
        const closing = client.close();
        await client.open();
        await closing;
        expect(await client.set('key', 'value')).toBe(true);
        await client.close();
        await server.end();
    });

    it('close during open: the open is rejected, nothing is left', async () => {
        const server = await MemcachedProcess.start();
        const client = new MemcachedClient([server]);
        const opening = code(client.open());
        await client.close();
        expect(await opening).toBe('NOT_OPENED');
        expect([client.socketCount, client.pendingCount, client.timerCount]).toEqual([0, 0, 0]);
        await server.end();
    });

    it('close, open and close again in one turn all settle, and calls made before finish', async () => {
        const server = await MemcachedProcess.start();
        const client = new MemcachedClient([server]);
        for (const withCall of [false, true]) {
            await client.open();
            const call = withCall ? client.set('key', 'value') : Promise.resolve(true);
            const all = [client.close(), code(client.open()), client.close(), code(client.open())];
            expect(await Promise.all(all)).toEqual([undefined, 'NOT_OPENED', undefined, 'undefined']);
            expect(await call).toBe(true);
            expect(await client.set('key', 'value')).toBe(true);
            await client.close();
        }
        expect([client.socketCount, client.pendingCount, client.timerCount]).toEqual([0, 0, 0]);
        await server.end();
    });

    it('close lets calls of the same turn finish', async () => {
        const server = await MemcachedProcess.start();
        const client = new MemcachedClient([server]);
        await client.open();
        const calls = Promise.all(Array.from({ length: 1000 }, (_, i) => client.set(`key${i}`, 'value')));
        await client.close();
        expect((await calls).every(Boolean)).toBe(true);
        expect([client.socketCount, client.pendingCount, client.timerCount]).toEqual([0, 0, 0]);
        await server.end();
    });

    it('close lets a batch of many chunks finish', async () => {
        const server = await MemcachedProcess.start();
        const client = new MemcachedClient([server]);
        await client.open();
        const value = Buffer.alloc(200_000);
        const batch = client.setMany(Array.from({ length: 20 }, (_, i) => [`key${i}`, value]));
        await client.close();
        expect((await batch).failed).toEqual(new Map());
        expect([client.socketCount, client.pendingCount, client.timerCount]).toEqual([0, 0, 0]);
        await server.end();
    });

    it('close with nothing under way destroys the sockets before it returns', async () => {
        const server = await MemcachedProcess.start();
        const client = new MemcachedClient([server]);
        await client.open();
        await client.get('key');
        const closing = client.close();
        const other = connect(server.port, server.host);
        await once(other, 'connect');
        expect(client.socketCount).toBe(0);
        other.destroy();
        await closing;
        await server.end();
    });

    it('open fails with CONNECT_FAILED when nobody is there, and may be tried again', async () => {
        const server = await MemcachedProcess.start();
        await server.kill();
        const client = new MemcachedClient([server], { failures: 2 });
        expect(await code(client.open())).toBe('CONNECT_FAILED');
        expect([client.socketCount, client.pendingCount, client.timerCount]).toEqual([0, 0, 0]);
        await server.restart();
        await client.open();
        await client.close();
        await server.end();
    });
});

describe('a server that is full and evicts nothing', () => {
    it('keeps what a compare-and-set could not replace, whoever it belongs to', async () => {
        const server = await MemcachedProcess.start({ withoutEviction: true, memoryMegabytes: 2 });
        const client = new MemcachedClient([server]);
        await client.open();
        await client.set('key', 'theirs');
        const { cas } = await client.gets('key');
        const filled = await client.setMany(Array.from({ length: 100_000 }, (_, i) => [`fill:${i}`, 'x'.repeat(20)]));
        expect(filled.failed.size).toBeGreaterThan(0);
        // Of the same size as those that have filled it.
        const refused = expect.objectContaining({ code: 'SERVER_ERROR' });
        await expect(client.casSet('key', 'x'.repeat(24), cas + 1n)).rejects.toEqual(refused);
        await expect(client.casSet('key', 'x'.repeat(24), cas)).rejects.toEqual(refused);
        expect((await client.get('key')).value!.toString()).toBe('theirs');
        await client.close();
        await server.end();
    });
});

describe('a CAS', () => {
    const pinned = { pinned: true };

    it('is compared while the same sockets are open', async () => {
        const server = await MemcachedProcess.start();
        const client = new MemcachedClient([server]);
        await client.open();
        const cas = (await client.casAdd('key', '1', pinned))!;
        const generation = client.generation('key');
        const stored = await client.casSet('key', '2', cas, { pinned: true, generation });
        expect(stored.outcome).toBe('stored');
        expect(client.generation('key')).toBe(generation);
        expect(await client.casDelete('key', stored.cas, { pinned: true, generation })).toBe('deleted');
        await client.close();
        await server.end();
    });

    it('is stale when the server was restarted, also for a call that waits for a socket', async () => {
        const server = await MemcachedProcess.start();
        const client = new MemcachedClient([server], { requestTimeoutMs: 5000, failures: 20 });
        await client.open();
        const cas = (await client.casAdd('key', 'ours', pinned))!;
        const generation = client.generation('key');
        await server.restart();
        while (client.socketCount > 0) await new Promise(resolve => setTimeout(resolve, 5));

        // Asked for when no socket is open, in the generation of that moment: sent on the next one it would meet another process.
        const early = client.generation('key');
        expect(early).not.toBe(generation);
        const late = client.casDelete('key', cas, { pinned: true, generation: early });
        expect(await late).toBe('stale');

        // The same number belongs to another item now.
        let other: bigint;
        do {
            await client.set('key', 'theirs');
            other = (await client.gets('key')).cas;
        } while (other < cas);
        expect(other).toBe(cas);
        expect(await client.casDelete('key', cas, { pinned: true, generation })).toBe('stale');
        expect(await client.casSet('key', 'ours', cas, { pinned: true, generation })).toMatchObject({
            outcome: 'stale',
        });
        expect((await client.get('key')).value!.toString()).toBe('theirs');
        await client.close();
        await server.end();
    });

    it('is stale for every other client', async () => {
        const server = await MemcachedProcess.start();
        const clients = [new MemcachedClient([server]), new MemcachedClient([server])] as const;
        for (const client of clients) await client.open();
        expect(clients[0].generation('key')).not.toBe(clients[1].generation('key'));
        for (const client of clients) await client.close();
        await server.end();
    });
});
