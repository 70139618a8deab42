import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { ClientOptions } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { timed } from '../support/LagMeter';
import { useOpener } from '../support/Opener';
import { RecordingObserver } from '../support/RecordingObserver';
import { answer, replyTo, type ScriptedServer } from '../support/server/ScriptedServer';

/** These timeouts exceed the lag of a busy machine. */
const PATIENT = { connectTimeoutMs: 10_000, requestTimeoutMs: 10_000 };
const open = useOpener();

describe('a client of a scripted server', () => {
    let server: ScriptedServer;

    beforeEach(async () => {
        server = await open.scripted();
    });

    async function openClient(options: ClientOptions = {}) {
        const client = open.clientOf(server, { ...PATIENT, ...options });
        // A late process may miss the answer to the greeting.
        await client.open({ allowUnavailable: true });
        return client;
    }

    it('probes a server that is down with one connection at a time, whatever the number of calls', async () => {
        const observer = new RecordingObserver();
        const client = await openClient({ failures: 2, retryMs: 50, requestTimeoutMs: 200, observer });
        for (const socket of server.sockets) socket.destroy();
        let most = 0;
        let probes = 0;
        server.script = () => {};
        server.onSocket = () => {
            probes++;
            most = Math.max(most, client.socketCount);
        };
        // Each round of calls without an answer is a fault.
        while ((await codeOf(client.get('key'))) !== 'SERVER_DOWN');
        await observer.next(1);
        const before = probes;
        while (probes < before + 4) {
            await Promise.all(Array.from({ length: 20 }, () => codeOf(client.get('key'))));
            await new Promise(setImmediate);
        }
        expect(most).toBe(1);
        server.script = answer;
        await observer.next(2);
        expect(await client.set('key', 'value')).toBe(true);
    });

    it('probes again after a probe whose reply is late and comes in pieces', async () => {
        const observer = new RecordingObserver();
        const client = await openClient({ failures: 1, retryMs: 50, requestTimeoutMs: 500, observer });
        const trickle = (request: Buffer, socket: Socket): void => {
            server.script = answer;
            const reply = replyTo(request);
            let sent = 0;
            const timer = setInterval(() => {
                if (socket.destroyed || sent === reply.length - 1) return clearInterval(timer);
                socket.write(reply.subarray(sent, ++sent));
            }, 50);
        };
        server.script = (_, socket) => {
            server.script = trickle;
            socket.destroy();
        };
        await codeOf(client.increment('n', 1));
        await observer.next(2);
        expect(observer.heard[1]).toContain('up');
        expect(await client.set('key', 'value')).toBe(true);
    });

    it('reports a server that speaks another protocol', async () => {
        server.script = (_, socket) => socket.write('ERROR\r\n');
        await expect(open.client(server)).rejects.toMatchObject({
            code: 'CONNECT_FAILED',
            message: expect.stringMatching(
                /the server (answers in text \(ERROR\)|does not know the meta protocol: ERROR)/,
            ),
        });
    });

    it('counts one fault, not five, when five sockets close at once', async () => {
        const observer = new RecordingObserver();
        const client = await openClient({ failures: 2, poolSize: 5, observer });
        // This many bytes make the client open all of its sockets.
        const value = Buffer.alloc(50_000);
        const storeMuch = () => Promise.all(Array.from({ length: 100 }, () => client.set('key', value)));
        while (client.socketCount < 5) await storeMuch();
        const calls = storeMuch();
        await new Promise(setImmediate);
        for (const socket of server.sockets) socket.destroy();
        expect((await calls).every(Boolean)).toBe(true);
        expect(observer.heard).toEqual([]);
    });

    it('uses one socket for small calls, whatever their number', async () => {
        const client = await openClient({ poolSize: 5 });
        for (let i = 0; i < 5; i++) await Promise.all(Array.from({ length: 300 }, (_, k) => client.set(`k${k}`, 'v')));
        expect(server.sockets.length).toBe(1);
    });

    it('closes an idle socket, and opens a new socket for the next call', async () => {
        const client = await openClient({ idleMs: 200 });
        await once(server.sockets[0]!, 'close');
        while (client.socketCount > 0) await new Promise(setImmediate);
        expect(await client.set('key', 'value')).toBe(true);
        expect(server.sockets.length).toBe(2);
    });

    it('closes a socket that becomes idle after a call longer than `idleMs`', async () => {
        const client = await openClient({ idleMs: 100, requestTimeoutMs: 10_000 });
        server.script = (request, socket) => void setTimeout(() => answer(request, socket), 350);
        await client.touch('key', 0);
        await once(server.sockets[0]!, 'close');
        expect(server.sockets.length).toBe(1);
    });

    it('sends no part of a large batch after its deadline', async () => {
        const observer = new RecordingObserver();
        const client = await openClient({ requestTimeoutMs: 500, poolSize: 1, observer });
        server.script = () => {};
        const { failed } = await client.getMany(Array.from({ length: 50_000 }, (_, i) => `key${i}`));
        expect(failed.size).toBe(50_000);
        expect(new Set([...failed.values()].map(error => (error as { code?: string }).code))).toEqual(
            new Set(['TIMEOUT']),
        );
        expect(observer.heard).toEqual([]);
        expect(server.sockets.length).toBe(1);
    });

    it('stops after one request timeout when every CAS of a counter fails', async () => {
        const client = await openClient({ requestTimeoutMs: 200 });
        server.script = (request, socket) => setTimeout(() => socket.write(replyTo(request, 'not stored')), 60);
        const ms = await timed(async () => expect(await codeOf(client.increment('n', 1))).toBe('TIMEOUT'));
        expect(ms).toBeLessThan(1000);
    });

    it('reports each key as found or as failed when the server closes during a batch', async () => {
        const client = await openClient({ retries: 0 });
        server.script = (request, socket) => {
            socket.end(replyTo(request));
            server.script = () => {};
        };
        const { items, failed } = await client.getMany(['a', 'b']);
        expect([...items.keys()]).toEqual(['a']);
        expect([...failed.keys()]).toEqual(['b']);
    });

    it('sends all calls of a turn in one write', async () => {
        const client = await openClient();
        let chunks = 0;
        server.sockets[0]!.on('data', () => chunks++);
        await Promise.all(Array.from({ length: 100 }, (_, i) => client.get(`key${i}`)));
        expect(chunks).toBe(1);
        expect(server.sockets.length).toBe(1);
    });
});
