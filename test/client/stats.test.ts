import { useOpener, useServer } from '../support/Opener';
import { holding, passing, type Fault } from '../support/proxy/FaultProxy';
import { spokenProtocol } from '../support/protocol';
import { flush, readStat } from '../support/server/textProtocol';
import { since, statsOf } from './statsOf';

const open = useOpener();
const server = useServer();
beforeEach(() => flush(server));

describe('getStats', () => {
    it('returns 0 for every count before the first call, except for the greeting', async () => {
        const unopened = open.clientOf(server);
        expect(statsOf(unopened)).toMatchObject({ calls: 0, sockets: 0, isUp: true, bytesSent: 0, bytesReceived: 0 });
        expect(statsOf(unopened).latency.total).toEqual({ count: 0, p50: null, p99: null, max: null });
        const client = await open.client(server);
        expect(statsOf(client)).toEqual({
            address: server.address,
            isUp: true,
            protocol: spokenProtocol,
            version: expect.stringMatching(/^1\.\d+\.\d+/),
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
            bytesSent: expect.any(Number),
            bytesReceived: expect.any(Number),
            latency: expect.objectContaining({ total: expect.objectContaining({ count: 1 }) }),
        });
    });

    it('counts the same hits and misses as memcached, for every command that reads', async () => {
        const client = await open.client(server);
        await client.set('there', 'value');
        const [hits, misses] = [await readStat(server, 'get_hits'), await readStat(server, 'get_misses')];
        const before = statsOf(client);
        await client.get('there');
        await client.gets('nothing');
        await client.getText('there');
        await client.getText('nothing');
        await client.getMany(['there', 'nothing', 'there', 'nor-this']);
        await client.getAndDelete('nothing');
        await client.getAndDelete('there');
        expect(since(before, statsOf(client))).toMatchObject({ calls: 7, answered: 7, hits: 5, misses: 5 });
        expect((await readStat(server, 'get_hits')) - hits).toBe(5);
        expect((await readStat(server, 'get_misses')) - misses).toBe(5);
        // memcached has separate counters for these commands.
        await client.set('there', 'value');
        await client.getAndTouch('there', 60);
        await client.getAndTouch('nothing', 60);
        expect(since(before, statsOf(client))).toMatchObject({ hits: 6, misses: 6 });
    });

    it('counts a call that neither reads nor fails only as a call', async () => {
        const client = await open.client(server);
        const before = statsOf(client);
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
        expect(since(before, statsOf(client))).toEqual({
            calls: 10,
            answered: 10,
            failed: 0,
            hits: 0,
            misses: 0,
            retries: 0,
            connects: 0,
        });
        expect(statsOf(client).errors).toEqual({});
    });

    it('includes all bytes on the wire', async () => {
        const proxy = await open.recordingProxy(server);
        const client = await open.client(proxy);
        await client.set('key', 'x'.repeat(100_000));
        await client.get('key');
        const { bytesSent, bytesReceived } = statsOf(client);
        expect(bytesSent).toBeGreaterThan(100_000);
        expect(bytesSent).toBe(Buffer.concat(proxy.writes).length);
        expect(bytesReceived).toBeGreaterThan(100_000);
        expect(bytesReceived).toBe(proxy.repliedBytes);
    });

    it('includes the calls in flight', async () => {
        const proxy = await open.faultProxy(server);
        const client = await open.client(proxy);
        proxy.begin(holding);
        const calls = Array.from({ length: 10 }, () => client.get('key'));
        // The calls of the current turn count too.
        expect(statsOf(client).inFlight).toBe(10);
        await proxy.until(({ replyFrames }) => replyFrames > 10);
        expect(statsOf(client)).toMatchObject({ inFlight: 10, calls: 11, answered: 1 });
        proxy.begin(passing);
        await Promise.all(calls);
        expect(statsOf(client)).toMatchObject({ inFlight: 0, calls: 11, answered: 11, misses: 10 });
    });

    it('returns a frozen snapshot', async () => {
        const client = await open.client(server);
        const stats = statsOf(client);
        await client.get('key');
        expect(stats.calls).toBe(1);
        for (const part of [stats, stats.errors, stats.latency, stats.latency.total, stats.latency.lastMinute]) {
            expect(Object.isFrozen(part)).toBe(true);
        }
        expect(JSON.parse(JSON.stringify(stats))).toEqual(stats);
    });

    it('counts separately for each client and each server, and keeps the counts after close', async () => {
        const other = await open.server();
        const [one, two] = [await open.client([server, other]), await open.client([server, other])];
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
    });
});

describe('latency', () => {
    it('measures the time of the server', async () => {
        const proxy = await open.faultProxy(server);
        const client = await open.client(proxy);
        const delayMs = 100;
        const late: Fault = {
            reply: (link, frame) => void setTimeout(() => link.toClient(frame), delayMs),
        };
        for (let i = 0; i < 100; i++) await client.get('key');
        const quick = statsOf(client).latency.lastMinute;
        proxy.begin(late);
        const started = performance.now();
        await Promise.all(Array.from({ length: 5 }, () => client.get('key')));
        const tookMs = performance.now() - started;
        const { total, lastMinute } = statsOf(client).latency;
        expect(lastMinute).toEqual(total);
        expect(total.count).toBe(106);
        expect(total.max).toBeGreaterThanOrEqual(delayMs - 1);
        expect(total.max).toBeLessThanOrEqual(tookMs);
        // 5 of 106 calls are slow, which is more than 1 % and less than half of all calls.
        expect(total.p99).toBeGreaterThan(delayMs * 0.95);
        expect(total.p99).toBeLessThanOrEqual(total.max!);
        expect(total.p50).toBeLessThan(total.p99!);
        expect(quick.p50).toBeGreaterThan(0);
    });
});
