import { codeOf } from '../support/codeOf';
import { useOpener } from '../support/Opener';
import { sleep } from '../support/sleep';
import { describeFleet } from './describeFleet';
import { Fleet } from './Fleet';

const open = useOpener();

describeFleet(3);

describe('a server that is down', () => {
    it('gets one probe at a time, and few connections when it returns', async () => {
        const fleet = await Fleet.open(open, 3, { poolSize: 3, failures: 1, retryMs: 50 });
        const { proxy } = fleet;
        const { stop } = fleet.load();
        await sleep(100);
        await fleet.first.kill();
        await fleet.until('down');
        await sleep(100);
        proxy.mostAtOnce = 0;
        const before = proxy.connections;
        const begun = performance.now();
        await sleep(1000);
        const probes = proxy.connections - before;
        expect(proxy.mostAtOnce).toBe(1);
        // Probes run one after another. Each probe waits for at least three quarters of `retryMs`.
        expect(probes).toBeGreaterThan(2);
        expect(probes).toBeLessThanOrEqual((performance.now() - begun) / 37 + 1);

        proxy.mostAtOnce = 0;
        const connections = proxy.connections;
        await fleet.first.restart();
        await fleet.until('up');
        await sleep(200);
        await stop();
        expect(proxy.mostAtOnce).toBeLessThanOrEqual(3);
        // The connection of the last probe stays in use. When this connection opens, concurrent
        // probes end.
        expect(proxy.connections - connections).toBeLessThan(20);
    });

    it('moves its keys to the next servers with failover and takes them back, except pinned keys', async () => {
        const fleet = await Fleet.open(open, 4, { failover: true, failures: 1 });
        const { client } = fleet;
        const mine = fleet.keys.filter(key => fleet.isOfFirst(key));
        const { others, stop } = fleet.load();
        await fleet.first.kill();
        await fleet.until('down');
        await sleep(100);
        for (const key of mine) {
            expect(client.server(key)).not.toBe(client.homeServer(key));
            expect(await client.set(key, 'elsewhere')).toBe(true);
        }
        expect(new Set(mine.map(key => client.server(key).port)).size).toBeGreaterThan(1);
        for (const key of mine.slice(0, 20)) {
            expect(await codeOf(client.commands.gets(key, { pinned: true }))).toBe('SERVER_DOWN');
            expect(await codeOf(client.commands.casAdd(key, 'lock', { pinned: true }))).toBe('SERVER_DOWN');
        }
        await fleet.first.restart();
        await fleet.until('up');
        for (const key of mine) expect(client.server(key)).toBe(client.homeServer(key));
        expect(typeof (await client.commands.casAdd('pinned', 'lock', { pinned: true }))).toBe('bigint');
        await stop();
        expect(others.errors).toEqual([]);
    });
});

it('recovers fully after each server has failed in turn', async () => {
    const fleet = await Fleet.open(open, 5, { failures: 1, retryMs: 50 });
    const { stop } = fleet.load();
    for (let round = 1; round <= 5; round++) {
        const server = fleet.servers[round - 1]!;
        await server.kill();
        await fleet.until('down', round);
        await server.restart();
        await fleet.until('up', round);
    }
    await stop();
    await fleet.expectWhole();
    const { client } = fleet;
    await client.close();
    expect([client.socketCount, client.pendingCount, client.timerCount]).toEqual([0, 0, 0]);
});
