import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import type { ClientOptions } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { timed } from '../support/LagMeter';
import { useOpener } from '../support/Opener';
import { opcodes } from '../support/opcodes';
import { FrameSplitter, opaqueOf, replyFrame } from '../support/proxy/frames';
import { RecordingObserver } from '../support/RecordingObserver';

const EXISTS = 5;
const open = useOpener();

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
        open.atEnd(async () => {
            for (const socket of sockets) socket.destroy();
            await new Promise(resolve => listener.close(resolve));
        });
    });

    const clientOf = (options: ClientOptions = {}) => open.clientOf(listener.address() as { port: number }, options);

    async function openClient(options: ClientOptions = {}) {
        const client = clientOf(options);
        // A process that is late may miss the answer to the greeting.
        await client.open({ mayBeAway: true });
        return client;
    }

    /** Answers every frame with an empty "ok" of the same opcode and opaque. */
    const answerAll = (socket: Socket) => {
        const requests = new FrameSplitter(frame =>
            socket.write(replyFrame({ opcode: frame[1], opaque: opaqueOf(frame) })),
        );
        return socket.on('data', data => requests.push(data));
    };

    it('that is down is probed by one connection at a time, however many call', async () => {
        onConnection = answerAll;
        const observer = new RecordingObserver();
        const client = await openClient({ failures: 2, retryMs: 50, requestTimeoutMs: 200, observer });
        for (const socket of sockets) socket.destroy();
        let most = 0;
        let probes = 0;
        onConnection = socket => {
            probes++;
            most = Math.max(most, client.socketCount);
            socket.resume();
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
        onConnection = answerAll;
        await observer.next(2);
        expect(await client.set('key', 'value')).toBe(true);
    });

    it('that speaks another protocol is said so', async () => {
        onConnection = socket => void socket.on('data', () => socket.write('ERROR\r\n'));
        await expect(clientOf().open()).rejects.toMatchObject({
            code: 'CONNECT_FAILED',
            message: expect.stringContaining('it answers in text (ERROR)'),
        });
    });

    it('that closes five sockets at once has one fault, not five', async () => {
        onConnection = answerAll;
        const observer = new RecordingObserver();
        const client = await openClient({ failures: 2, requestTimeoutMs: 3000, poolSize: 5, observer });
        // Much to send makes it open all of its sockets.
        const value = Buffer.alloc(50_000);
        const storeMuch = () => Promise.all(Array.from({ length: 100 }, () => client.set('key', value)));
        while (client.socketCount < 5) await storeMuch();
        const calls = storeMuch();
        await new Promise(setImmediate);
        for (const socket of sockets) socket.destroy();
        expect((await calls).every(Boolean)).toBe(true);
        expect(observer.heard).toEqual([]);
    });

    it('sees one socket while calls are small, however many they are', async () => {
        onConnection = answerAll;
        const client = await openClient({ poolSize: 5 });
        for (let i = 0; i < 5; i++) await Promise.all(Array.from({ length: 300 }, (_, k) => client.set(`k${k}`, 'v')));
        expect(sockets.length).toBe(1);
    });

    it('closes an idle socket of its own, and the next call opens one', async () => {
        onConnection = answerAll;
        const client = await openClient({ idleMs: 200 });
        await once(sockets[0]!, 'close');
        while (client.socketCount > 0) await new Promise(setImmediate);
        expect(await client.set('key', 'value')).toBe(true);
        expect(sockets.length).toBe(2);
    });

    it('closes a socket that becomes idle after a call that took longer than `idleMs`', async () => {
        onConnection = answerAll;
        const client = await openClient({ idleMs: 100, requestTimeoutMs: 10_000 });
        sockets[0]!.removeAllListeners('data').on('data', frame => {
            setTimeout(() => sockets[0]!.write(replyFrame({ opaque: opaqueOf(frame) })), 350);
        });
        await client.touch('key', 0);
        await once(sockets[0]!, 'close');
        expect(sockets.length).toBe(1);
    });

    it('that needs too long for a large batch is asked for none of it after the deadline', async () => {
        onConnection = answerAll;
        const observer = new RecordingObserver();
        const client = await openClient({ requestTimeoutMs: 300, poolSize: 1, observer });
        for (const socket of sockets) socket.removeAllListeners('data').resume();
        onConnection = socket => void socket.resume();
        const { failed } = await client.getMany(Array.from({ length: 50_000 }, (_, i) => `key${i}`));
        expect(failed.size).toBe(50_000);
        expect(new Set([...failed.values()].map(error => (error as { code?: string }).code))).toEqual(
            new Set(['TIMEOUT']),
        );
        expect(observer.heard).toEqual([]);
        expect(sockets.length).toBe(1);
    });

    it('that loses every race for a counter is asked no longer than one call may take', async () => {
        onConnection = answerAll;
        const client = await openClient({ requestTimeoutMs: 200 });
        const [socket] = sockets;
        socket!.removeAllListeners('data').on('data', frame => {
            setTimeout(() => socket!.write(replyFrame({ status: EXISTS, opaque: opaqueOf(frame) })), 60);
        });
        const ms = await timed(async () => expect(await codeOf(client.increment('n', 1))).toBe('TIMEOUT'));
        expect(ms).toBeLessThan(400);
    });

    it('that goes away in the middle of a batch leaves each key in one of the two answers', async () => {
        onConnection = answerAll;
        const client = await openClient({ retries: 0, requestTimeoutMs: 10_000 });
        const [socket] = sockets;
        socket!.removeAllListeners('data').once('data', frames => {
            const opaque = opaqueOf(frames);
            socket!.end(replyFrame({ opcode: opcodes.GETQ, opaque, extras: Buffer.alloc(4), body: Buffer.alloc(1) }));
        });
        const { items, failed } = await client.getMany(['a', 'b']);
        expect([...items.keys()]).toEqual(['a']);
        expect([...failed.keys()]).toEqual(['b']);
    });

    it('gets every call of a turn in one write', async () => {
        const chunks: number[] = [];
        onConnection = socket => answerAll(socket.on('data', data => void chunks.push(data.length)));
        const client = await openClient();
        chunks.length = 0;
        await Promise.all(Array.from({ length: 100 }, (_, i) => client.get(`key${i}`).catch(() => {})));
        expect(chunks.length).toBe(1);
    });
});
