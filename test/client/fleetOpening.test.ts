import { codeOf } from '../support/codeOf';
import { useFleet } from '../support/Fleet';
import { useOpener } from '../support/Opener';
import { testProtocol } from '../support/protocol';
import { all, at, keyOf, keys, named, storeAll, turns } from './fleetOf';

const open = useOpener();
const fleet = useFleet(open);

describe('open and close', () => {
    it('reports the error of each server when no server answers', async () => {
        const silent = await open.recordingProxy();
        await open.kill(fleet.servers[0]);
        const options = { requestTimeoutMs: 500, failures: 1 };
        const away = named(fleet.servers[0]);
        await expect(open.clientOf([at(fleet.servers[0]), at(silent)], options).open()).rejects.toMatchObject({
            code: 'CONNECT_FAILED',
            message:
                `cannot connect to any of 2 memcached servers: ${away} (connect ECONNREFUSED ${away}); ` +
                `${named(silent)} (` +
                (testProtocol === 'auto' ? 'neither the binary nor the meta protocol works: ' : '') +
                'no reply to the first request within 500 ms)',
            details: { server: `${away}, ${named(silent)}` },
        });
    });

    it('reports the reasons of at most five servers', async () => {
        const none = Array.from({ length: 300 }, (_, i) => at({ port: i + 1 }));
        const client = open.clientOf(none, { failures: 1, requestTimeoutMs: 20_000, connectTimeoutMs: 20_000 });
        const error = (await client.open().catch((error: unknown) => error)) as Error;
        expect(error.message).toMatch(
            /^cannot connect to any of 300 memcached servers: (127\.0\.0\.1:\d \(.*?\); ){5}and 295 more$/,
        );
        expect([client.socketCount, client.pendingCount, client.timerCount]).toEqual([0, 0, 0]);
    });

    it('opens the servers of the last update before open', async () => {
        const client = open.clientOf([at(fleet.proxies[0])]);
        client.update(all(fleet).slice(1));
        expect(await codeOf(client.get('key'))).toBe('NOT_OPENED');
        await client.open();
        expect(fleet.proxies.map(proxy => proxy.connections)).toEqual([0, 1, 1]);
    });

    it('uses servers that an update brings during open, even when no earlier server answers', async () => {
        const silent = await open.recordingProxy();
        for (const first of [at(silent), at(fleet.proxies[0])]) {
            const client = open.clientOf([first], { requestTimeoutMs: 200 });
            const opening = client.open();
            await turns(1);
            client.update(all(fleet).slice(1));
            await opening;
            expect((await storeAll(client)).every(Boolean)).toBe(true);
            await client.close();
        }
        expect(silent.openSockets).toBe(0);
    });

    it('uses the servers of an update during or after close at the next open', async () => {
        const client = await open.client([at(fleet.proxies[0])]);
        const last = client.set('key', 'value');
        const closing = client.close();
        client.update([at(fleet.proxies[1])]);
        expect(await last).toBe(true);
        await closing;
        expect([client.socketCount, client.timerCount]).toEqual([0, 0]);
        await fleet.proxies[0].until(() => fleet.proxies[0].openSockets === 0);
        client.update([at(fleet.proxies[2])]);
        await client.open();
        expect(fleet.proxies.map(proxy => proxy.connections)).toEqual([1, 0, 1]);
    });

    it('waits in close for a removed server too', async () => {
        const client = await open.client(all(fleet), { requestTimeoutMs: 300 });
        await open.stop(fleet.servers[0]);
        const calls = [codeOf(client.get(keyOf(client, fleet.proxies[0]))), client.getMany(keys)] as const;
        await turns(1);
        client.update(all(fleet).slice(1));
        await client.close();
        expect([client.socketCount, client.timerCount, client.pendingCount]).toEqual([0, 0, 0]);
        expect(await calls[0]).toBe('TIMEOUT');
        expect((await calls[1]).failed.size).toBeGreaterThan(0);
    });
});
