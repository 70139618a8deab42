import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Socket } from 'node:net';
import type { ClientOptions } from '../../src/client/ClientOptions';
import { MemcachedClient } from '../../src/client/MemcachedClient';
import { createCertificate, type Certificate } from '../support/server/certificate';
import { MemcachedProcess } from '../support/server/MemcachedProcess';
import { answer, replyTo, ScriptedServer } from '../support/server/ScriptedServer';

const codeOf = (promise: Promise<unknown>) =>
    promise.then(
        () => 'ok',
        (error: { code: string }) => error.code,
    );

let server: ScriptedServer;
let client: MemcachedClient;

function make(options: Partial<ClientOptions>, login?: { username: string; password: string }): void {
    client = new MemcachedClient([{ host: server.host, port: server.port, login }], options);
}

/** Blocks the event loop. */
function work(ms: number): void {
    const until = performance.now() + ms;
    while (performance.now() < until);
}

beforeEach(async () => {
    server = await ScriptedServer.start();
});

afterEach(async () => {
    await client.close();
    await server.end();
});

describe('a call that is late', () => {
    it('does not end a connection that is younger: one that falls silent costs few calls', async () => {
        make({ requestTimeoutMs: 1000 });
        await client.open();
        // The connection of this moment answers nothing any more, the others do.
        server.script = (request, socket, connection) => connection > 0 && answer(request, socket);
        const calls: Promise<string>[] = [];
        const begun = performance.now();
        while (performance.now() < begun + 900) {
            calls.push(codeOf(client.get('key')));
            await sleep(3);
        }
        const codes = await Promise.all(calls);
        expect(codes.filter(code => code !== 'ok').length).toBeLessThan(codes.length / 4);
        expect(server.sockets.length).toBe(2);
        expect(client.getStats()[0]!.fault).toBeNull();
    });

    it('is no fault when it is a large value that takes longer: the server stays up', async () => {
        make({ requestTimeoutMs: 300, failures: 2, poolSize: 1 });
        await client.open();
        server.script = (request, socket) => {
            if (!request.includes('large')) return answer(request, socket);
            const header = replyTo(request);
            header.writeUInt32BE(1_000_000, 8);
            socket.write(header);
            const part = Buffer.alloc(1000);
            const writing = setInterval(() => socket.write(part), 10);
            socket.on('close', () => clearInterval(writing));
        };
        for (let i = 0; i < 4; i++) expect(await codeOf(client.get(`large${i}`))).toBe('TIMEOUT');
        expect(await codeOf(client.get('small'))).toBe('ok');
        expect(client.getStats()[0]).toMatchObject({ isUp: true, fault: null });
    });

    it('ends a silent connection also when it has been quiet for 26 days', async () => {
        make({ requestTimeoutMs: 200, idleMs: 0 });
        await client.open();
        const realNow = performance.now.bind(performance);
        const now = jest.spyOn(performance, 'now').mockImplementation(() => realNow() + 26 * 86_400_000);
        try {
            server.script = (request, socket, connection) => connection > 0 && answer(request, socket);
            const calls: Promise<string>[] = [];
            for (let i = 0; i < 60; i++) {
                calls.push(codeOf(client.append('key', 'value')));
                await sleep(5);
            }
            // Lost with the connection, for which a fault is the only way to end while calls wait.
            expect(await Promise.all(calls)).toContain('CONNECTION_LOST');
        } finally {
            now.mockRestore();
        }
    });

    it('does not end a connection that answers, and its reply is nobody else’s', async () => {
        make({ requestTimeoutMs: 200, poolSize: 1 });
        await client.open();
        const waiting: [Buffer, Socket][] = [];
        server.script = (request, socket) => waiting.push([request, socket]);
        const first = codeOf(client.get('first'));
        const batch = client.getMany(['second']);
        const answerOne = (): void => {
            const [request, socket] = waiting.shift()!;
            // A quiet GET finds something.
            const reply = replyTo(request);
            socket.write(reply);
        };
        while (waiting.length < 3) await nextTurn();
        await sleep(30);
        const third = codeOf(client.touch('third', 1));
        await sleep(120);
        answerOne();
        expect(await first).toBe('ok');
        const { items, failed } = await batch;
        expect([[...items], [...failed.keys()]]).toEqual([[], ['second']]);
        while (waiting.length < 3) await nextTurn();
        while (waiting.length > 0) answerOne();
        expect(await third).toBe('ok');
        // What came too late does not change what was answered.
        expect([[...items], [...failed.keys()]]).toEqual([[], ['second']]);
        expect(server.sockets.length).toBe(1);
        expect(client.getStats()[0]).toMatchObject({ retries: 0, hits: 1, inFlight: 0 });
    });

    it('ends a connection that answers if none of its calls has a caller left', async () => {
        make({ requestTimeoutMs: 200, poolSize: 1 });
        await client.open();
        const waiting: [Buffer, Socket][] = [];
        server.script = (request, socket) => waiting.push([request, socket]);
        const calls = Array.from({ length: 10 }, () => codeOf(client.get('key')));
        while (waiting.length < 10) await nextTurn();
        await sleep(150);
        waiting[0]![1].write(replyTo(waiting[0]![0]));
        expect(await Promise.all(calls)).toEqual(['ok', ...Array.from({ length: 9 }, () => 'TIMEOUT')]);
        server.script = answer;
        expect(await codeOf(client.get('key'))).toBe('ok');
        expect(server.sockets.length).toBe(2);
        expect(client.getStats()[0]!.fault).toBeNull();
    });
});

describe('a process that is busy', () => {
    let memcached: MemcachedProcess;

    async function start(options: Partial<ClientOptions>, certificate?: Certificate): Promise<void> {
        memcached = await MemcachedProcess.start({ certificate });
        const { host, port } = memcached;
        client = new MemcachedClient([{ host, port, tls: certificate && { rejectUnauthorized: false } }], options);
    }

    afterEach(() => memcached.end());

    it('takes all answers that have come for answers in time, however many they are', async () => {
        await start({ requestTimeoutMs: 300 });
        await client.open();
        await client.set('key', Buffer.alloc(3000));
        const calls = Array.from({ length: 1000 }, () => codeOf(client.get('key')));
        await nextTurn();
        work(400);
        expect(new Set(await Promise.all(calls))).toEqual(new Set(['ok']));
    });

    it('connects, although each turn of its event loop takes longer than `connect_timeout`', async () => {
        await start({ connectTimeoutMs: 40, requestTimeoutMs: 2000, failures: 5 }, createCertificate());
        let isOpen = false;
        const opening = client.open().finally(() => (isOpen = true));
        const slice = (): void => {
            work(60);
            if (!isOpen) setImmediate(slice);
        };
        setImmediate(slice);
        await opening;
        expect(isOpen).toBe(true);
    });
});

it('`open` and `checkHealth` have the time to connect besides that for an answer', async () => {
    const SASL_AUTH = 0x21;
    const NOOP = 0x0a;
    const STAT = 0x10;
    server.script = (request, socket) => {
        if (request[1] === SASL_AUTH || request[1] === NOOP) setTimeout(answer, 100, request, socket);
        else socket.write(replyTo(request, request[1] === STAT ? 0x81 : 0));
    };
    make({ connectTimeoutMs: 2000, requestTimeoutMs: 150 }, { username: 'ann', password: 'secret' });
    await client.open();
    expect(await client.checkHealth()).toMatchObject([{ reachable: true }]);
});
