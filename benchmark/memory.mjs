import { setTimeout as sleep } from 'node:timers/promises';

import { ConfigParams } from '../dist/framework.js';

import { MemcachedCache, MemcachedClient, MemcachedLock } from '../dist/index.js';
import { withBlackHole } from './server/blackHole.mjs';
import { startMemcached } from './server/memcached.mjs';

/**
 * The memory growth that does not count as a leak, for answered and unanswered calls. Sequential
 * calls go to a real server. Waves of calls go to a black hole that answers only handshakes. Node
 * must run with --expose-gc.
 */
const ALLOWED_BYTES = 2 * 2 ** 20;
const ANSWERED_CALLS = 1_000_000;
const LOCKS = 1_000_000;
const UNANSWERED_CALLS = 100_000;
const WAVE = 5_000;
const WEIGHED = 50_000;
const PATIENCE_MS = 5_000;
const REQUEST_TIMEOUT_MS = 200;
// The maximum time that a wave may take after the deadline.
const LATE_MS = 1_000;

if (MemcachedClient === undefined) throw new Error('dist/index.js has no MemcachedClient: run npm run build');
if (typeof globalThis.gc !== 'function') throw new Error('run with --expose-gc, or by npm run bench -- memory');

function heapAfterGc() {
    for (let i = 0; i < 4; i++) globalThis.gc();
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    return { heap: heapUsed, buffers: external + arrayBuffers };
}

const inMiB = bytes => `${bytes < 0 ? '−' : '+'}${(Math.abs(bytes) / 2 ** 20).toFixed(2)} MiB`;

/**
 * Warms up with a tenth of the work, so that compiled code and inline caches do not count as leaks.
 */
async function measure(name, calls, work) {
    await work(calls / 10);
    const before = heapAfterGc();
    const begun = performance.now();
    const outcome = await work(calls);
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    const after = heapAfterGc();
    const heap = after.heap - before.heap;
    const buffers = after.buffers - before.buffers;
    const isBounded = Math.abs(heap) <= ALLOWED_BYTES && Math.abs(buffers) <= ALLOWED_BYTES;
    console.log(
        `${name}: ${calls.toLocaleString('en-US')} calls in ${seconds} s; heap ${inMiB(heap)}, buffers ${inMiB(buffers)}` +
            ` (allowed ± ${inMiB(ALLOWED_BYTES).slice(1)}); ${outcome}${isBounded ? '' : '  OUT OF BOUNDS'}`,
    );
    if (!isBounded) process.exitCode = 1;
}

function expectNothingOpen(client, name) {
    const { socketCount, pendingCount, timerCount } = client;
    if (socketCount + pendingCount + timerCount === 0) return;
    console.log(`${name}: after close ${socketCount} sockets, ${pendingCount} calls, ${timerCount} timers are left`);
    process.exitCode = 1;
}

async function answered() {
    const server = await startMemcached();
    try {
        const client = new MemcachedClient([{ host: '127.0.0.1', port: server.port }], { requestTimeoutMs: 5000 });
        await client.open();
        const value = Buffer.alloc(100, 'x');
        await client.set('bench:memory', value, { expires: 600 });
        await measure('answered', ANSWERED_CALLS, async calls => {
            for (let i = 0; i < calls; i++) {
                const result = await client.get('bench:memory');
                if (result.value?.length !== value.length) throw new Error(`wrong answer to call ${i}`);
            }
            return 'all right';
        });
        await client.close();
        expectNothingOpen(client, 'answered');
    } finally {
        await server.stop();
    }
}

async function unanswered(port, swallow) {
    const client = new MemcachedClient([{ host: '127.0.0.1', port }], {
        requestTimeoutMs: REQUEST_TIMEOUT_MS,
        connectTimeoutMs: REQUEST_TIMEOUT_MS,
        // The server is never down, because calls to such a server fail before their deadlines.
        failures: 1000,
        reconnectMs: 50,
        retries: 0,
    });
    await client.open();
    swallow();
    await measure('unanswered', UNANSWERED_CALLS, async calls => {
        const codes = new Map();
        let slowest = 0;
        for (let done = 0; done < calls; done += WAVE) {
            const begun = performance.now();
            const wave = Array.from({ length: Math.min(WAVE, calls - done) }, () => client.get('bench:memory'));
            for (const result of await Promise.allSettled(wave)) {
                if (result.status === 'fulfilled') throw new Error('a call to the black hole was answered');
                const code = result.reason?.code ?? 'no code';
                codes.set(code, (codes.get(code) ?? 0) + 1);
            }
            slowest = Math.max(slowest, performance.now() - begun);
        }
        if (slowest > REQUEST_TIMEOUT_MS + LATE_MS) process.exitCode = 1;
        const told = [...codes].map(([code, count]) => `${count.toLocaleString('en-US')} × ${code}`).join(', ');
        return `all settled: ${told}; slowest wave of ${WAVE} ${Math.round(slowest)} ms`;
    });
    await client.close();
    expectNothingOpen(client, 'unanswered');
}

async function locked() {
    const server = await startMemcached();
    try {
        const lock = new MemcachedLock();
        lock.configure(ConfigParams.fromTuples('connection.host', '127.0.0.1', 'connection.port', server.port));
        await lock.open(null);
        // Each lock has one key, as in services. 64 locks in flight shorten the run.
        await measure('locks', LOCKS, async count => {
            let next = 0;
            const loop = async () => {
                for (let i = next++; i < count; i = next++) {
                    if (!(await lock.tryAcquireLock(null, `bench:${i}`, 60_000)))
                        throw new Error(`lock ${i} was taken`);
                    await lock.releaseLock(null, `bench:${i}`);
                }
            };
            await Promise.all(Array.from({ length: 64 }, loop));
            return 'all acquired and released';
        });
        await lock.close(null);
    } finally {
        await server.stop();
    }
}

/** Prints the memory per item that `fill` adds. The memory of the keys does not count. */
async function weigh(name, fill) {
    const keys = Array.from({ length: WEIGHED }, (_, i) => `${1e9 + i}`);
    const before = heapAfterGc();
    const items = await fill(keys);
    const after = heapAfterGc();
    const bytes = after.heap + after.buffers - before.heap - before.buffers;
    console.log(`${name}: ${Math.round(bytes / WEIGHED)} bytes each, with keys of ${keys[0].length} bytes`);
    return items;
}

/** Weighs calls while they wait. They have no handlers, which would count too. */
async function weighCalls(name, call) {
    const calls = await weigh(name, async keys => {
        const all = keys.map(call);
        await sleep(REQUEST_TIMEOUT_MS);
        return all;
    });
    await Promise.allSettled(calls);
}

async function openCache(port, ...options) {
    const cache = new MemcachedCache();
    const address = ['connection.host', '127.0.0.1', 'connection.port', port];
    cache.configure(ConfigParams.fromTuples(...address, ...options));
    await cache.open(null);
    return cache;
}

async function waitingGets(port, swallow) {
    const client = new MemcachedClient([{ host: '127.0.0.1', port }], { requestTimeoutMs: PATIENCE_MS });
    await client.open();
    swallow();
    await weighCalls('a waiting get', key => client.get(key));
    await client.close();
}

async function waitingRetrieves(port, swallow) {
    const cache = await openCache(port, 'options.request_timeout', PATIENCE_MS);
    swallow();
    await weighCalls('a waiting retrieve', key => cache.retrieve(null, key));
    await cache.close(null);
}

async function counted() {
    const server = await startMemcached();
    try {
        const cache = await openCache(server.port, 'options.max_size', WEIGHED);
        await weigh('a value that max_size counts', async keys => {
            for (const key of keys) await cache.store(null, key, 1, 600_000);
        });
        await cache.close(null);
    } finally {
        await server.stop();
    }
}

await answered();
await withBlackHole(unanswered);
await locked();
await withBlackHole(waitingGets);
await withBlackHole(waitingRetrieves);
await counted();
