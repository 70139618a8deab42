import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { holding, type Fault } from '../support/proxy/FaultProxy';
import { flush } from '../support/server/textProtocol';
import { since, statsOf } from './statsOf';

const open = useOpener();
const server = useServer();
beforeEach(() => flush(server));

describe('getStats', () => {
    it('counts errors by code, once for each call, including unsent calls', async () => {
        const client = await open.client(server, { failures: 1, retryMs: 60_000, retries: 0 });
        await client.set('text', 'no number');
        expect(await codeOf(client.increment('text', 1))).toBe('NOT_A_NUMBER');
        // An invalid key is an error of the caller, so no server counts it.
        expect(await codeOf(client.get('a key'))).toBe('INVALID_KEY');
        expect(statsOf(client).errors).toEqual({ NOT_A_NUMBER: 1 });
        await open.kill(server);
        while ((await codeOf(client.get('key'))) !== 'SERVER_DOWN');
        const before = statsOf(client);
        expect(before).toMatchObject({ isUp: false, fault: expect.any(String) });
        await codeOf(client.get('key'));
        await client.getMany(['a', 'b', 'c']);
        const after = statsOf(client);
        expect(after.errors.SERVER_DOWN! - (before.errors.SERVER_DOWN ?? 0)).toBe(2);
        await client.close();
        const closed = statsOf(client);
        expect(await codeOf(client.get('key'))).toBe('NOT_OPENED');
        const { errors, calls, failed } = statsOf(client);
        expect([errors.NOT_OPENED, calls - closed.calls, failed - closed.failed]).toEqual([1, 1, 1]);
    });

    it('counts an error for a key of a batch that the server rejects', async () => {
        const client = await open.client(server, { maxValueBytes: 4 * 1024 * 1024 });
        const before = statsOf(client);
        const { failed } = await client.setMany([
            ['small', 'x'],
            ['large', 'x'.repeat(2 * 1024 * 1024)],
        ]);
        expect([...failed.keys()]).toEqual(['large']);
        expect(statsOf(client).errors).toEqual({ VALUE_TOO_LARGE: 1 });
        expect(since(before, statsOf(client))).toMatchObject({ answered: 1, failed: 0 });
    });

    it('does not count a call that settles before the client sends it', async () => {
        const client = await open.client(server);
        const cas = (await client.casAdd('key', 'value'))!;
        const before = statsOf(client);
        const epoch = client.epoch('key') - 1;
        expect(await client.casSet('key', 'other', cas, { epoch })).toMatchObject({ outcome: 'stale' });
        expect(statsOf(client)).toMatchObject({ calls: before.calls, inFlight: 0 });
    });

    it('counts an error for each chunk of a batch that has no time left', async () => {
        const proxy = await open.faultProxy(server);
        const client = await open.client(proxy, { requestTimeoutMs: 200 });
        proxy.begin(holding);
        const { failed } = await client.getMany(Array.from({ length: 6000 }, (_, i) => `key${i}`));
        expect(failed.size).toBe(6000);
        expect(statsOf(client)).toMatchObject({
            calls: 7,
            failed: 6,
            errors: { TIMEOUT: 6 },
            hits: 0,
            misses: 0,
            inFlight: 0,
        });
    });

    it('includes the latency of a call that times out', async () => {
        const proxy = await open.faultProxy(server);
        const client = await open.client(proxy, { requestTimeoutMs: 200 });
        proxy.begin(holding);
        expect(await codeOf(client.get('key'))).toBe('TIMEOUT');
        const { errors, latency, inFlight } = statsOf(client);
        expect({ errors, inFlight }).toEqual({ errors: { TIMEOUT: 1 }, inFlight: 0 });
        expect(latency.total.count).toBe(2);
        expect(latency.total.max).toBeGreaterThanOrEqual(199);
    });

    it('counts retries, but not as errors', async () => {
        const proxy = await open.faultProxy(server);
        const client = await open.client(proxy, { retries: 3 });
        proxy.begin(holding);
        const calls = Array.from({ length: 5 }, () => client.get('key'));
        await proxy.until(({ replyFrames }) => replyFrames > 5);
        const resetting: Fault = { strike: link => link.reset() };
        proxy.begin(resetting);
        await Promise.all(calls);
        expect(statsOf(client)).toMatchObject({
            calls: 6,
            answered: 6,
            retries: 5,
            connects: 2,
            sockets: 1,
            misses: 5,
        });
    });
});

it('counts each key of a retried batch once', async () => {
    const proxy = await open.faultProxy(server);
    const client = await open.client(proxy);
    await client.set('a', '1');
    await client.set('b', '2');
    const before = statsOf(client);
    let replies = 0;
    proxy.begin({
        reply(link, frame) {
            // The server answers the first key, then the connection ends.
            if (++replies === 1) link.toClient(frame);
            else if (replies === 2) link.end();
            else link.toClient(frame);
        },
    });
    const { items, failed } = await client.getMany(['a', 'b', 'c']);
    expect([items.size, failed.size]).toEqual([2, 0]);
    expect(since(before, statsOf(client))).toMatchObject({ calls: 1, answered: 1, retries: 1, hits: 2, misses: 1 });
});
