import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Socket } from 'node:net';
import type { ClientOptions } from '../../src/client/ClientOptions';
import { MemcachedClient } from '../../src/client/MemcachedClient';
import { MemcachedProcess } from '../support/server/MemcachedProcess';
import { answer, ScriptedServer } from '../support/server/ScriptedServer';

const MIB = 1024 * 1024;
const codeOf = (promise: Promise<unknown>) =>
    promise.then(
        () => 'ok',
        (error: { code: string }) => error.code,
    );

function countOf(codes: string[]): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const code of codes) counts[code] = (counts[code] ?? 0) + 1;
    return counts;
}

describe('with a server of a script', () => {
    let server: ScriptedServer;
    let client: MemcachedClient;

    async function open(options: Partial<ClientOptions>): Promise<void> {
        server = await ScriptedServer.start();
        client = new MemcachedClient([server], options);
        await client.open();
    }

    afterEach(async () => {
        await client.close();
        await server.end();
    });

    it('hands about 1 MiB to a socket that is not read, whatever waits behind it', async () => {
        await open({ requestTimeoutMs: 10_000, poolSize: 1 });
        server.sockets[0]!.pause();
        const value = 'x'.repeat(60_000);
        const stores = Array.from({ length: 500 }, (_, i) => codeOf(client.set(`key${i}`, value)));
        await nextTurn();
        expect(client.getStats()[0]!.bytesSent).toBeLessThan(1.2 * MIB);
        expect(client.pendingCount).toBe(500);
        server.sockets[0]!.resume();
        expect(countOf(await Promise.all(stores))).toEqual({ ok: 500 });
    });

    it('fails calls beyond `maxPending` at once, and none of the others', async () => {
        await open({ maxPending: 10 });
        const calls = Array.from({ length: 30 }, () => codeOf(client.get('key')));
        expect(client.pendingCount).toBe(10);
        expect(countOf(await Promise.all(calls))).toEqual({ ok: 10, OVERLOADED: 20 });
        expect(await codeOf(client.get('key'))).toBe('ok');
    });

    it('keeps the throughput of a server that has too much to do', async () => {
        const requestTimeoutMs = 1000;
        await open({ requestTimeoutMs });
        // It answers one request per ms, and is asked for twice as many.
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
            while (calls.length < 1.5 * elapsed()) calls.push(codeOf(client.get('key')));
            await sleep(1);
        }
        const { ok, OVERLOADED, TIMEOUT = 0 } = countOf(await Promise.all(calls));
        clearInterval(serving);
        expect(OVERLOADED).toBeGreaterThan(0);
        expect(ok).toBeGreaterThan(0.9 * answered);
        expect(TIMEOUT).toBeLessThan(0.05 * calls.length);
        expect(client.getStats()[0]).toMatchObject({ isUp: true, retries: 0, connects: 1 });
    });

    it.each([
        ['answers again in time', 600],
        ['is given up', Infinity],
    ])('keeps calls for later while a connection is silent that %s: none is OVERLOADED', async (_, pauseMs) => {
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
        const early = codeOf(client.append('key', 'a'));
        await sleep(400);
        // Not idempotent: it would be lost on the silent connection.
        const late = Array.from({ length: 20 }, () => codeOf(client.append('key', 'b')));
        expect(countOf(await Promise.all(late))).toEqual({ ok: 20 });
        expect(await early).toBe(pauseMs < Infinity ? 'ok' : 'TIMEOUT');
    });
});

describe('with memcached', () => {
    let server: MemcachedProcess;
    let client: MemcachedClient;
    const keys = Array.from({ length: 60 }, (_, i) => `large${i}`);

    beforeEach(async () => {
        server = await MemcachedProcess.start({ memoryMegabytes: 128 });
        client = new MemcachedClient([server], { requestTimeoutMs: 5000 });
        await client.open();
        await client.setMany(keys.map(key => [key, Buffer.alloc(300_000)]));
    });

    afterEach(async () => {
        await client.close();
        await server.end();
    });

    it('asks for a few large values at a time once it knows that they are large', async () => {
        expect((await client.getMany(keys)).items.size).toBe(keys.length);
        const before = client.getStats()[0]!;
        const batch = client.getMany(keys);
        await nextTurn();
        await nextTurn();
        const first = client.getStats()[0]!;
        expect((await batch).items.size).toBe(keys.length);
        // Chunks of one value each, and four at a time; in two turns some may have been answered.
        const perKey = 24 + keys[0]!.length + 24;
        expect(first.bytesSent - before.bytesSent).toBeLessThan(20 * perKey);
        expect(client.getStats()[0]!.calls - before.calls).toBe(keys.length);
    });

    it('sizes the chunks of a batch by what its earlier keys weighed', async () => {
        const many = Array.from({ length: 3000 }, (_, i) => `k${i}`);
        await client.setMany(many.map(key => [key, Buffer.alloc(1000)]));
        const before = client.getStats()[0]!;
        expect((await client.getMany(many)).items.size).toBe(3000);
        // 1000 keys, of which nothing is known, and then about 260 in each.
        const chunks = client.getStats()[0]!.calls - before.calls;
        expect(chunks).toBeGreaterThan(7);
        expect(chunks).toBeLessThan(11);
    });

    it('sends small calls on another connection than large answers', async () => {
        const other = new MemcachedClient([server], { requestTimeoutMs: 5000 });
        await other.open();
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
        await other.close();
    });
});
