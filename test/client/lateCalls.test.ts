import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Socket } from 'node:net';
import { outcomeOf } from '../support/codeOf';
import { useOpener } from '../support/Opener';
import { claimingBytes, verbOf } from '../support/proxy/messages';
import { createCertificate } from '../support/server/certificate';
import { answer, replyTo, type ScriptedServer } from '../support/server/ScriptedServer';
import { sleep } from '../support/sleep';

const open = useOpener();
let server: ScriptedServer;

/** Blocks the event loop. */
function work(ms: number): void {
    const until = performance.now() + ms;
    while (performance.now() < until);
}

beforeEach(async () => {
    server = await open.scripted();
});

describe('a late call', () => {
    it('does not end a younger connection, so that a silent connection costs few calls', async () => {
        const client = await open.client(server, { requestTimeoutMs: 1000 });
        // The current connection stops answering, and later connections answer.
        server.script = (request, socket, connection) => connection > 0 && answer(request, socket);
        const calls: Promise<string>[] = [];
        const begun = performance.now();
        while (performance.now() < begun + 900) {
            calls.push(outcomeOf(client.get('key')));
            await sleep(3);
        }
        const codes = await Promise.all(calls);
        expect(codes.filter(code => code !== 'answered').length).toBeLessThan(codes.length / 4);
        expect(server.sockets.length).toBe(2);
        expect(client.getStats()[0]!.fault).toBeNull();
    });

    it('does not count as a fault while a large value is still arriving', async () => {
        const client = await open.client(server, { requestTimeoutMs: 300, failures: 2, poolSize: 1 });
        server.script = (request, socket) => {
            if (!request.includes('large')) return answer(request, socket);
            socket.write(claimingBytes(replyTo(request), 1_000_000));
            const part = Buffer.alloc(1000);
            const writing = setInterval(() => socket.write(part), 10);
            socket.on('close', () => clearInterval(writing));
        };
        for (let i = 0; i < 4; i++) expect(await outcomeOf(client.get(`large${i}`))).toBe('TIMEOUT');
        expect(await outcomeOf(client.get('small'))).toBe('answered');
        expect(client.getStats()[0]).toMatchObject({ isUp: true, fault: null });
    });

    it('ends a silent connection even after 26 quiet days', async () => {
        const client = await open.client(server, { requestTimeoutMs: 200, idleMs: 0 });
        const realNow = performance.now.bind(performance);
        const now = jest.spyOn(performance, 'now').mockImplementation(() => realNow() + 26 * 86_400_000);
        try {
            server.script = (request, socket, connection) => connection > 0 && answer(request, socket);
            const calls: Promise<string>[] = [];
            for (let i = 0; i < 60; i++) {
                calls.push(outcomeOf(client.append('key', 'value')));
                await sleep(5);
            }
            // While calls are pending, only a fault can end the connection. The fault rejects the
            // calls with this code.
            expect(await Promise.all(calls)).toContain('CONNECTION_LOST');
        } finally {
            now.mockRestore();
        }
    });

    it('does not end a connection that answers, and its reply settles no other call', async () => {
        const client = await open.client(server, { requestTimeoutMs: 600, poolSize: 1 });
        const waiting: [Buffer, Socket][] = [];
        server.script = (request, socket) => waiting.push([request, socket]);
        const first = outcomeOf(client.get('first'));
        const batch = client.getMany(['second']);
        const answerOne = (): void => answer(...waiting.shift()!);
        while (waiting.length < 3) await nextTurn();
        await sleep(200);
        const third = outcomeOf(client.touch('third', 1));
        await sleep(200);
        answerOne();
        expect(await first).toBe('answered');
        const { items, failed } = await batch;
        expect([[...items], [...failed.keys()]]).toEqual([[], ['second']]);
        while (waiting.length < 3) await nextTurn();
        while (waiting.length > 0) answerOne();
        expect(await third).toBe('answered');
        // The late replies do not change the settled results.
        expect([[...items], [...failed.keys()]]).toEqual([[], ['second']]);
        expect(server.sockets.length).toBe(1);
        expect(client.getStats()[0]).toMatchObject({ retries: 0, hits: 1, inFlight: 0 });
    });

    it('ends a connection that answers if all of its calls have expired', async () => {
        const client = await open.client(server, { requestTimeoutMs: 600, poolSize: 1 });
        const waiting: [Buffer, Socket][] = [];
        server.script = (request, socket) => waiting.push([request, socket]);
        const calls = Array.from({ length: 10 }, () => outcomeOf(client.get('key')));
        while (waiting.length < 10) await nextTurn();
        await sleep(300);
        answer(...waiting[0]!);
        expect(await Promise.all(calls)).toEqual(['answered', ...Array.from({ length: 9 }, () => 'TIMEOUT')]);
        server.script = answer;
        expect(await outcomeOf(client.get('key'))).toBe('answered');
        expect(server.sockets.length).toBe(2);
        expect(client.getStats()[0]!.fault).toBeNull();
    });
});

describe('a busy process', () => {
    it('accepts every answer that has arrived in time, whatever the number of answers', async () => {
        const client = await open.client(await open.server(), { requestTimeoutMs: 300 });
        await client.set('key', Buffer.alloc(3000));
        const calls = Array.from({ length: 1000 }, () => outcomeOf(client.get('key')));
        await nextTurn();
        work(400);
        expect(new Set(await Promise.all(calls))).toEqual(new Set(['answered']));
    });

    it('connects even when each turn of its event loop takes longer than `connectTimeoutMs`', async () => {
        const { port } = await open.server({ certificate: createCertificate() });
        const options = { connectTimeoutMs: 40, requestTimeoutMs: 2000, failures: 5 };
        const client = open.clientOf({ port, tls: { rejectUnauthorized: false } }, options);
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

it('allows open and checkHealth the connect timeout in addition to the request timeout', async () => {
    let turn: Promise<unknown> = Promise.resolve();
    server.script = (request, socket) => {
        const verb = verbOf(request);
        const reply = replyTo(request, verb === 'stat' ? 'unknown command' : 'done');
        const delay = verb === 'login' || verb === 'noop' ? sleep(400) : undefined;
        // Replies in text have the order of the requests.
        turn = Promise.all([turn, delay]).then(() => socket.write(reply));
    };
    const { host, port } = server;
    const login = { username: 'ann', password: 'secret' };
    const client = await open.client({ host, port, login }, { connectTimeoutMs: 2000, requestTimeoutMs: 700 });
    expect(await client.checkHealth()).toMatchObject([{ reachable: true }]);
});
