import { once } from 'node:events';
import type { ClientOptions } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { timed } from '../support/LagMeter';
import { useOpener } from '../support/Opener';
import { opcodes } from '../support/opcodes';
import { opaqueOf, replyFrame } from '../support/proxy/frames';
import { RecordingObserver } from '../support/RecordingObserver';
import { answer, replyTo, type ScriptedServer } from '../support/server/ScriptedServer';

const EXISTS = 5;
/** Longer than a busy machine makes anybody late. */
const PATIENT = { connectTimeoutMs: 10_000, requestTimeoutMs: 10_000 };
const open = useOpener();

describe('a server of a script', () => {
    let server: ScriptedServer;

    beforeEach(async () => {
        server = await open.scripted();
    });

    async function openClient(options: ClientOptions = {}) {
        const client = open.clientOf(server, { ...PATIENT, ...options });
        // A process that is late may miss the answer to the greeting.
        await client.open({ allowUnavailable: true });
        return client;
    }

    it('that is down is probed by one connection at a time, however many call', async () => {
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
        // Silence: each round of calls is a fault.
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

    it('that speaks another protocol is said so', async () => {
        server.script = (_, socket) => socket.write('ERROR\r\n');
        await expect(open.client(server)).rejects.toMatchObject({
            code: 'CONNECT_FAILED',
            message: expect.stringContaining('it answers in text (ERROR)'),
        });
    });

    it('that closes five sockets at once has one fault, not five', async () => {
        const observer = new RecordingObserver();
        const client = await openClient({ failures: 2, poolSize: 5, observer });
        // Much to send makes it open all of its sockets.
        const value = Buffer.alloc(50_000);
        const storeMuch = () => Promise.all(Array.from({ length: 100 }, () => client.set('key', value)));
        while (client.socketCount < 5) await storeMuch();
        const calls = storeMuch();
        await new Promise(setImmediate);
        for (const socket of server.sockets) socket.destroy();
        expect((await calls).every(Boolean)).toBe(true);
        expect(observer.heard).toEqual([]);
    });

    it('sees one socket while calls are small, however many they are', async () => {
        const client = await openClient({ poolSize: 5 });
        for (let i = 0; i < 5; i++) await Promise.all(Array.from({ length: 300 }, (_, k) => client.set(`k${k}`, 'v')));
        expect(server.sockets.length).toBe(1);
    });

    it('closes an idle socket of its own, and the next call opens one', async () => {
        const client = await openClient({ idleMs: 200 });
        await once(server.sockets[0]!, 'close');
        while (client.socketCount > 0) await new Promise(setImmediate);
        expect(await client.set('key', 'value')).toBe(true);
        expect(server.sockets.length).toBe(2);
    });

    it('closes a socket that becomes idle after a call that took longer than `idleMs`', async () => {
        const client = await openClient({ idleMs: 100, requestTimeoutMs: 10_000 });
        server.script = (request, socket) => void setTimeout(() => answer(request, socket), 350);
        await client.touch('key', 0);
        await once(server.sockets[0]!, 'close');
        expect(server.sockets.length).toBe(1);
    });

    it('that needs too long for a large batch is asked for none of it after the deadline', async () => {
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

    it('that loses every race for a counter is asked no longer than one call may take', async () => {
        const client = await openClient({ requestTimeoutMs: 200 });
        server.script = (request, socket) => setTimeout(() => socket.write(replyTo(request, EXISTS)), 60);
        const ms = await timed(async () => expect(await codeOf(client.increment('n', 1))).toBe('TIMEOUT'));
        expect(ms).toBeLessThan(1000);
    });

    it('that goes away in the middle of a batch leaves each key in one of the two answers', async () => {
        const client = await openClient({ retries: 0 });
        server.script = (request, socket) => {
            const opaque = opaqueOf(request);
            socket.end(replyFrame({ opcode: opcodes.GETQ, opaque, extras: Buffer.alloc(4), body: Buffer.alloc(1) }));
            server.script = () => {};
        };
        const { items, failed } = await client.getMany(['a', 'b']);
        expect([...items.keys()]).toEqual(['a']);
        expect([...failed.keys()]).toEqual(['b']);
    });

    it('gets every call of a turn in one write', async () => {
        const client = await openClient();
        let chunks = 0;
        server.sockets[0]!.on('data', () => chunks++);
        await Promise.all(Array.from({ length: 100 }, (_, i) => client.get(`key${i}`)));
        expect(chunks).toBe(1);
        expect(server.sockets.length).toBe(1);
    });
});
