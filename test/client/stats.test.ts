import { MemcachedClient } from '../../src/client/MemcachedClient';
import type { ServerStats } from '../../src/client/ServerCounts';
import { FaultProxy, holding, passing, type Fault } from '../support/proxy/FaultProxy';
import { MemcachedProcess } from '../support/server/MemcachedProcess';
import { readStat } from '../support/server/textProtocol';

const code = (promise: Promise<unknown>) => promise.then(String, (error: { code: string }) => error.code);
const sum = (errors: Readonly<Record<string, number>>) => Object.values(errors).reduce((a, b) => a + b, 0);

let server: MemcachedProcess;
const clients: MemcachedClient[] = [];

beforeEach(async () => {
    server = await MemcachedProcess.start();
});

afterEach(async () => {
    await Promise.all(clients.splice(0).map(client => client.close()));
    await server.end();
});

async function open(...parameters: ConstructorParameters<typeof MemcachedClient>): Promise<MemcachedClient> {
    const client = new MemcachedClient(...parameters);
    clients.push(client);
    await client.open();
    return client;
}

function only(client: MemcachedClient): ServerStats {
    const [stats, ...others] = client.getStats();
    expect(others).toEqual([]);
    return stats!;
}

/** What has changed since. */
function since(before: ServerStats, after: ServerStats): Partial<ServerStats> {
    const keys = ['calls', 'answered', 'failed', 'hits', 'misses', 'retries', 'connects'] as const;
    return Object.fromEntries(keys.map(key => [key, after[key] - before[key]]));
}

describe('counts', () => {
    it('are 0 before anything happens, but for the greeting', async () => {
        const unopened = new MemcachedClient([server]);
        expect(only(unopened)).toMatchObject({ calls: 0, sockets: 0, isUp: true, bytesSent: 0, bytesReceived: 0 });
        expect(only(unopened).latency.total).toEqual({ count: 0, p50: null, p99: null, max: null });
        const client = await open([server]);
        expect(only(client)).toEqual({
            address: server.address,
            isUp: true,
            fault: null,
            sockets: 1,
            connects: 1,
            inFlight: 0,
            calls: 1,
            answered: 1,
            failed: 0,
            hits: 0,
            misses: 0,
            errors: {},
            retries: 0,
            bytesSent: 24,
            bytesReceived: 24,
            latency: expect.objectContaining({ total: expect.objectContaining({ count: 1 }) }),
        });
    });

    it('hits and misses of every verb that reads, as memcached counts them itself', async () => {
        const client = await open([server]);
        await client.set('there', 'value');
        const before = only(client);
        await client.get('there');
        await client.gets('nothing');
        await client.getText('there');
        await client.getText('nothing');
        await client.getMany(['there', 'nothing', 'there', 'nor-this']);
        await client.getAndDelete('nothing');
        await client.getAndDelete('there');
        expect(since(before, only(client))).toMatchObject({ calls: 7, answered: 7, hits: 5, misses: 5 });
        expect(await readStat(server, 'get_hits')).toBe(5);
        expect(await readStat(server, 'get_misses')).toBe(5);
        // memcached has other numbers for these.
        await client.set('there', 'value');
        await client.getAndTouch('there', 60);
        await client.getAndTouch('nothing', 60);
        expect(since(before, only(client))).toMatchObject({ hits: 6, misses: 6 });
    });

    it('what neither reads nor fails is a call and nothing else', async () => {
        const client = await open([server]);
        const before = only(client);
        await client.set('key', '1');
        await client.add('key', '1');
        await client.replace('nothing', '1');
        await client.increment('key', 1);
        await client.append('nothing', '1');
        await client.touch('nothing', 1);
        await client.delete('nothing');
        await client.deleteMany(['key', 'nothing']);
        await client.setMany([['key', '1']]);
        await client.version();
        expect(since(before, only(client))).toEqual({
            calls: 10,
            answered: 10,
            failed: 0,
            hits: 0,
            misses: 0,
            retries: 0,
            connects: 0,
        });
        expect(only(client).errors).toEqual({});
    });

    it('bytes are those on the wire', async () => {
        const client = await open([server]);
        const before = only(client);
        await client.set('key', 'x'.repeat(100_000));
        await client.get('key');
        const after = only(client);
        expect(after.bytesSent - before.bytesSent).toBe(24 + 8 + 3 + 100_000 + 24 + 3);
        expect(after.bytesReceived - before.bytesReceived).toBe(24 + 24 + 4 + 100_000);
    });

    it('calls in flight', async () => {
        const proxy = await FaultProxy.start(server.port);
        const client = await open([{ host: '127.0.0.1', port: proxy.port }]);
        proxy.begin(holding);
        const calls = Array.from({ length: 10 }, () => client.get('key'));
        // Those of this turn, too.
        expect(only(client).inFlight).toBe(10);
        await proxy.until(({ replyFrames }) => replyFrames > 10);
        expect(only(client)).toMatchObject({ inFlight: 10, calls: 11, answered: 1 });
        proxy.begin(passing);
        await Promise.all(calls);
        expect(only(client)).toMatchObject({ inFlight: 0, calls: 11, answered: 11, misses: 10 });
        await client.close();
        await proxy.close();
    });

    it('a snapshot stays as it is, and cannot be changed', async () => {
        const client = await open([server]);
        const stats = only(client);
        await client.get('key');
        expect(stats.calls).toBe(1);
        for (const part of [stats, stats.errors, stats.latency, stats.latency.total, stats.latency.lastMinute]) {
            expect(Object.isFrozen(part)).toBe(true);
        }
        expect(JSON.parse(JSON.stringify(stats))).toEqual(stats);
    });

    it('each client has its own, each server has its own, and they stay after close', async () => {
        const other = await MemcachedProcess.start();
        const [one, two] = [await open([server, other]), await open([server, other])];
        await Promise.all(Array.from({ length: 100 }, (_, i) => one.get(`key${i}`)));
        const misses = one.getStats().map(stats => stats.misses);
        expect(misses[0]! + misses[1]!).toBe(100);
        expect(Math.min(...misses)).toBeGreaterThan(0);
        expect(two.getStats().map(stats => stats.misses)).toEqual([0, 0]);
        const before = one.getStats();
        expect(before.map(({ address }) => address)).toEqual([server.address, other.address]);
        await one.close();
        const closed = { sockets: 0, inFlight: 0 };
        expect(one.getStats()).toMatchObject(before.map(({ misses, calls }) => ({ ...closed, misses, calls })));
        await two.close();
        await other.end();
    });
});

describe('errors', () => {
    it('by code, once for each call, also of calls that were never sent', async () => {
        const client = await open([server], { failures: 1, retryMs: 60_000, retries: 0 });
        await client.set('text', 'no number');
        expect(await code(client.increment('text', 1))).toBe('NOT_A_NUMBER');
        // A mistake of the caller is not the server's.
        expect(await code(client.get('a key'))).toBe('INVALID_KEY');
        expect(only(client).errors).toEqual({ NOT_A_NUMBER: 1 });
        await server.kill();
        while ((await code(client.get('key'))) !== 'SERVER_DOWN');
        const before = only(client);
        expect(before).toMatchObject({ isUp: false, fault: expect.any(String) });
        await code(client.get('key'));
        await client.getMany(['a', 'b', 'c']);
        const after = only(client);
        expect(after.errors.SERVER_DOWN! - (before.errors.SERVER_DOWN ?? 0)).toBe(2);
        await client.close();
        const closed = only(client);
        expect(await code(client.get('key'))).toBe('NOT_OPENED');
        const { errors, calls, failed } = only(client);
        expect([errors.NOT_OPENED, calls - closed.calls, failed - closed.failed]).toEqual([1, 1, 1]);
    });

    it('a key of a batch that the server refuses', async () => {
        const client = await open([server], { maxValueBytes: 4 * 1024 * 1024 });
        const before = only(client);
        const { failed } = await client.setMany([
            ['small', 'x'],
            ['large', 'x'.repeat(2 * 1024 * 1024)],
        ]);
        expect([...failed.keys()]).toEqual(['large']);
        expect(only(client).errors).toEqual({ VALUE_TOO_LARGE: 1 });
        expect(since(before, only(client))).toMatchObject({ answered: 1, failed: 0 });
    });

    it('a call that is answered before it is sent is none', async () => {
        const client = await open([server]);
        const cas = (await client.casAdd('key', 'value'))!;
        const before = only(client);
        const generation = client.generation('key') - 1;
        expect(await client.casSet('key', 'other', cas, { generation })).toMatchObject({ outcome: 'stale' });
        expect(only(client)).toMatchObject({ calls: before.calls, inFlight: 0 });
    });

    it('chunks of a batch for which there is no time left', async () => {
        const proxy = await FaultProxy.start(server.port);
        const client = await open([{ host: '127.0.0.1', port: proxy.port }], { requestTimeoutMs: 200 });
        proxy.begin(holding);
        const { failed } = await client.getMany(Array.from({ length: 6000 }, (_, i) => `key${i}`));
        expect(failed.size).toBe(6000);
        expect(only(client)).toMatchObject({
            calls: 7,
            failed: 6,
            errors: { TIMEOUT: 6 },
            hits: 0,
            misses: 0,
            inFlight: 0,
        });
        await client.close();
        await proxy.close();
    });

    it('a call that runs into its timeout took as long as that', async () => {
        const proxy = await FaultProxy.start(server.port);
        const client = await open([{ host: '127.0.0.1', port: proxy.port }], { requestTimeoutMs: 200 });
        proxy.begin(holding);
        expect(await code(client.get('key'))).toBe('TIMEOUT');
        const { errors, latency, inFlight } = only(client);
        expect({ errors, inFlight }).toEqual({ errors: { TIMEOUT: 1 }, inFlight: 0 });
        expect(latency.total.count).toBe(2);
        expect(latency.total.max).toBeGreaterThanOrEqual(199);
        await client.close();
        await proxy.close();
    });

    it('what is tried again', async () => {
        const proxy = await FaultProxy.start(server.port);
        const client = await open([{ host: '127.0.0.1', port: proxy.port }], { retries: 3 });
        proxy.begin(holding);
        const calls = Array.from({ length: 5 }, () => client.get('key'));
        await proxy.until(({ replyFrames }) => replyFrames > 5);
        const resetting: Fault = { strike: link => link.reset() };
        proxy.begin(resetting);
        await Promise.all(calls);
        expect(only(client)).toMatchObject({ calls: 6, answered: 6, retries: 5, connects: 2, sockets: 1, misses: 5 });
        await client.close();
        await proxy.close();
    });
});

it('a batch that is tried again counts each key once', async () => {
    const proxy = await FaultProxy.start(server.port);
    const client = await open([{ host: '127.0.0.1', port: proxy.port }]);
    await client.set('a', '1');
    await client.set('b', '2');
    const before = only(client);
    let replies = 0;
    proxy.begin({
        reply(link, frame) {
            // The first key is answered, then the connection breaks.
            if (++replies === 1) link.toClient(frame);
            else if (replies === 2) link.end();
            else link.toClient(frame);
        },
    });
    const { items, failed } = await client.getMany(['a', 'b', 'c']);
    expect([items.size, failed.size]).toEqual([2, 0]);
    expect(since(before, only(client))).toMatchObject({ calls: 1, answered: 1, retries: 1, hits: 2, misses: 1 });
    await client.close();
    await proxy.close();
});

describe('latency', () => {
    it('is that of the server', async () => {
        const proxy = await FaultProxy.start(server.port);
        const client = await open([{ host: '127.0.0.1', port: proxy.port }]);
        const delayMs = 100;
        const timers = new Set<NodeJS.Timeout>();
        const late: Fault = {
            reply(link, frame) {
                const timer = setTimeout(() => {
                    timers.delete(timer);
                    link.toClient(frame);
                }, delayMs);
                timers.add(timer);
            },
        };
        for (let i = 0; i < 100; i++) await client.get('key');
        const quick = only(client).latency.lastMinute;
        proxy.begin(late);
        const started = performance.now();
        await Promise.all(Array.from({ length: 5 }, () => client.get('key')));
        const tookMs = performance.now() - started;
        const { total, lastMinute } = only(client).latency;
        expect(lastMinute).toEqual(total);
        expect(total.count).toBe(106);
        expect(total.max).toBeGreaterThanOrEqual(delayMs - 1);
        expect(total.max).toBeLessThanOrEqual(tookMs);
        // 5 of 106 are more than 1 %, and less than a half.
        expect(total.p99).toBeGreaterThan(delayMs * 0.95);
        expect(total.p99).toBeLessThanOrEqual(total.max!);
        expect(total.p50).toBeLessThan(total.p99!);
        expect(quick.p50).toBeGreaterThan(0);
        await client.close();
        await proxy.close();
    });
});

it('everything adds up while the server is killed and connections break', async () => {
    const proxy = await FaultProxy.start(server.port);
    const client = await open([{ host: '127.0.0.1', port: proxy.port }], {
        requestTimeoutMs: 300,
        retries: 1,
        failures: 2,
        retryMs: 50,
        reconnectMs: 20,
    });
    const seen = { hits: 0, misses: 0, stored: 0, batches: 0, errors: {} as Record<string, number> };
    const note = (error: { code: string }): void => void (seen.errors[error.code] = (seen.errors[error.code] ?? 0) + 1);
    const reads = async (i: number): Promise<void> => {
        const { value } = await client.get(`key${i % 50}`);
        seen[value === null ? 'misses' : 'hits']++;
    };
    const writes = async (i: number): Promise<void> => {
        await client.set(`key${i % 50}`, 'value');
        seen.stored++;
    };
    const batches = async (i: number): Promise<void> => {
        const keys = Array.from({ length: 10 }, (_, k) => `key${(i + k) % 60}`);
        const { items, failed } = await client.getMany(keys);
        seen.batches++;
        seen.hits += items.size;
        seen.misses += keys.length - items.size - failed.size;
        // One chunk, and so one error.
        for (const error of failed.values()) return note(error as Error & { code: string });
    };
    const before = only(client);
    let isOver = false;
    let made = 0;
    const work = async (): Promise<void> => {
        while (!isOver) {
            const i = made++;
            await [reads, reads, writes, batches][i % 4]!(i).catch(note);
            if (i % 16 === 0) await new Promise(setImmediate);
        }
    };
    const workers = Array.from({ length: 20 }, work);
    for (let round = 0; round < 4; round++) {
        await new Promise(resolve => setTimeout(resolve, 100));
        proxy.begin({ strike: link => link.reset() });
        await new Promise(resolve => setTimeout(resolve, 100));
        proxy.begin(holding);
        await new Promise(resolve => setTimeout(resolve, 350));
        proxy.begin({ strike: link => link.reset() });
        await server.kill();
        await new Promise(resolve => setTimeout(resolve, 50));
        await server.restart();
    }
    isOver = true;
    await Promise.all(workers);
    await client.close();
    const after = only(client);
    const { calls, answered, failed } = after;
    expect({ calls, inFlight: after.inFlight }).toEqual({ calls: answered + failed, inFlight: 0 });
    expect(after.hits - before.hits).toBe(seen.hits);
    expect(after.misses - before.misses).toBe(seen.misses);
    expect(sum(after.errors)).toBe(failed);
    // The client's own probes fail too.
    for (const [name, count] of Object.entries(seen.errors)) expect(after.errors[name]).toBeGreaterThanOrEqual(count);
    const probes = calls - before.calls - made;
    expect(probes).toBeGreaterThanOrEqual(0);
    expect(failed - sum(seen.errors)).toBeLessThanOrEqual(probes);
    // It was not for nothing.
    expect(Math.min(seen.hits, seen.misses, seen.stored, sum(seen.errors), after.retries)).toBeGreaterThan(0);
    expect(after.connects).toBeGreaterThan(4);
    await proxy.close();
});
