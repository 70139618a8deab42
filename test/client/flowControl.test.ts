import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Socket } from 'node:net';
import type { ClientOptions, MemcachedClient } from 'pip-services4-memcached-node';
import { outcomeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { answer, type ScriptedServer } from '../support/server/ScriptedServer';
import { sleep } from '../support/sleep';

const MIB = 1024 * 1024;
const opener = useOpener();

async function countOf(outcomes: Promise<string>[]): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const outcome of await Promise.all(outcomes)) counts[outcome] = (counts[outcome] ?? 0) + 1;
    return counts;
}

describe('flow control with a scripted server', () => {
    let server: ScriptedServer;
    let client: MemcachedClient;

    async function open(options: ClientOptions): Promise<void> {
        server = await opener.scripted();
        client = await opener.client(server, options);
    }

    it('writes about 1 MiB to a socket without a reader, whatever the size of the queue', async () => {
        await open({ requestTimeoutMs: 10_000, poolSize: 1 });
        server.sockets[0]!.pause();
        const value = 'x'.repeat(60_000);
        const stores = countOf(Array.from({ length: 500 }, (_, i) => outcomeOf(client.set(`key${i}`, value))));
        await nextTurn();
        expect(client.getStats()[0]!.bytesSent).toBeLessThan(1.2 * MIB);
        expect(client.pendingCount).toBe(500);
        server.sockets[0]!.resume();
        expect(await stores).toEqual({ answered: 500 });
    });

    it('rejects only the calls beyond `maxPending`, at once', async () => {
        await open({ maxPending: 10 });
        const calls = countOf(Array.from({ length: 30 }, () => outcomeOf(client.get('key'))));
        expect(client.pendingCount).toBe(10);
        expect(await calls).toEqual({ answered: 10, OVERLOADED: 20 });
        expect(await outcomeOf(client.get('key'))).toBe('answered');
    });

    it('keeps the throughput of an overloaded server', async () => {
        const requestTimeoutMs = 1000;
        await open({ requestTimeoutMs });
        // The server answers one request per ms. The client sends more requests.
        const backlog: [Buffer, Socket][] = [];
        let answered = 0;
        server.script = (request, socket) => backlog.push([request, socket]);
        const begun = performance.now();
        const elapsed = () => performance.now() - begun;
        const serving = setInterval(() => {
            for (; backlog.length > 0 && answered < elapsed(); answered++) answer(...backlog.shift()!);
        }, 1);
        const calls: Promise<string>[] = [];
        while (elapsed() < 3 * requestTimeoutMs) {
            while (calls.length < 1.5 * elapsed()) calls.push(outcomeOf(client.get('key')));
            await sleep(1);
        }
        const { answered: ok, OVERLOADED, TIMEOUT = 0 } = await countOf(calls);
        clearInterval(serving);
        expect(OVERLOADED).toBeGreaterThan(0);
        expect(ok).toBeGreaterThan(0.9 * answered);
        expect(TIMEOUT).toBeLessThan(0.05 * calls.length);
        expect(client.getStats()[0]).toMatchObject({ isUp: true, retries: 0, connects: 1 });
    });

    it.each([
        ['answers again in time', 600],
        ['is given up', Infinity],
    ])('queues calls while a silent connection %s, and rejects no call with OVERLOADED', async (_, pauseMs) => {
        await open({ requestTimeoutMs: 800, poolSize: 1 });
        let paused: [Buffer, Socket][] | null = [];
        server.script = (request, socket, connection) => {
            if (paused !== null && connection === 0) paused.push([request, socket]);
            else answer(request, socket);
        };
        if (pauseMs < Infinity) {
            setTimeout(() => {
                for (const one of paused!) answer(...one);
                paused = null;
            }, pauseMs);
        }
        const early = outcomeOf(client.append('key', 'a'));
        await sleep(400);
        // An append is not idempotent, so a silent connection would lose it.
        const late = Array.from({ length: 20 }, () => outcomeOf(client.append('key', 'b')));
        expect(await countOf(late)).toEqual({ answered: 20 });
        expect(await early).toBe(pauseMs < Infinity ? 'answered' : 'TIMEOUT');
    });
});

describe('flow control with memcached', () => {
    const server = useServer({ memoryMegabytes: 128 });
    const keys = Array.from({ length: 60 }, (_, i) => `large${i}`);
    let client: MemcachedClient;

    beforeEach(async () => {
        client = await opener.client(server, { requestTimeoutMs: 5000 });
        await client.setMany(keys.map(key => [key, Buffer.alloc(300_000)]));
    });

    it('requests a few values at a time once it knows that the values are large', async () => {
        expect((await client.getMany(keys)).items.size).toBe(keys.length);
        const before = client.getStats()[0]!;
        const batch = client.getMany(keys);
        await nextTurn();
        await nextTurn();
        const first = client.getStats()[0]!;
        expect((await batch).items.size).toBe(keys.length);
        // Each chunk has one value, and four chunks are in flight. Some chunks may settle within
        // two turns.
        const perKey = 24 + keys[0]!.length + 24;
        expect(first.bytesSent - before.bytesSent).toBeLessThan(20 * perKey);
        expect(client.getStats()[0]!.calls - before.calls).toBe(keys.length);
    });

    it('sizes the chunks of a batch by the size of its earlier values', async () => {
        const many = Array.from({ length: 3000 }, (_, i) => `k${i}`);
        await client.setMany(many.map(key => [key, Buffer.alloc(1000)]));
        const before = client.getStats()[0]!;
        expect((await client.getMany(many)).items.size).toBe(3000);
        // The first chunk has 1000 keys of unknown size. The later chunks have about 260 keys each.
        const chunks = client.getStats()[0]!.calls - before.calls;
        expect(chunks).toBeGreaterThan(7);
        expect(chunks).toBeLessThan(11);
    });

    it('sends small calls on a different connection from large replies', async () => {
        const other = await opener.client(server, { requestTimeoutMs: 5000 });
        const batch = other.getMany(keys);
        let isDone = false;
        void batch.finally(() => (isDone = true));
        const gets: Promise<unknown>[] = [];
        while (!isDone) {
            gets.push(other.get('small'));
            await nextTurn();
        }
        await Promise.all(gets);
        expect((await batch).items.size).toBe(keys.length);
        expect(other.socketCount).toBeGreaterThan(1);
    });
});
