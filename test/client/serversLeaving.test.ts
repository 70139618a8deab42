import { codeOf } from '../support/codeOf';
import { useFleet } from '../support/Fleet';
import { useOpener } from '../support/Opener';
import { sleep } from '../support/sleep';
import { all, at, keyOf, keys, turns } from './fleetOf';

const open = useOpener();
const fleet = useFleet(open);

describe('a removed server', () => {
    it('answers its pending calls, including batches', async () => {
        const client = await open.client([at(fleet.proxies[0])]);
        const many = Array.from({ length: 20_000 }, (_, i) => `many:${i}`);
        const calls = [...keys.map(key => client.set(key, key))];
        const batch = client.setMany(many.map(key => [key, 'value']));
        await turns(1);
        client.update([at(fleet.proxies[1])]);
        expect(await Promise.all(calls)).toEqual(keys.map(() => true));
        expect((await batch).failed.size).toBe(0);
        await fleet.proxies[0].until(() => fleet.proxies[0].openSockets === 0);
        client.update([at(fleet.proxies[0])]);
        expect((await client.getMany(many)).items.size).toBe(many.length);
    });

    it('settles its calls in time when silent, then closes its sockets, and delays no other call', async () => {
        const client = await open.client(all(fleet), { requestTimeoutMs: 300 });
        await open.stop(fleet.servers[0]);
        const key = keyOf(client, fleet.proxies[0]);
        const late = codeOf(client.get(key));
        await turns(1);
        client.update(all(fleet).slice(1));
        expect((await client.getMany(keys)).failed.size).toBe(0);
        expect(await client.set(key, 'value')).toBe(true);
        expect(client.socketCount).toBe(3);
        expect(await late).toBe('TIMEOUT');
        await fleet.proxies[0].until(() => fleet.proxies[0].openSockets === 0);
        expect(client.pendingCount).toBe(0);
    });

    it('gets no further probe or report', async () => {
        const heard: string[] = [];
        const observer = { onDown: () => heard.push('down'), onUp: () => heard.push('up') };
        const client = await open.client(all(fleet), { failures: 1, retryMs: 10, observer });
        fleet.proxies[0].cutting = Infinity;
        const key = keyOf(client, fleet.proxies[0]);
        await codeOf(client.get(key));
        await fleet.proxies[0].until(() => fleet.proxies[0].connections > 3);
        client.update(all(fleet).slice(1));
        await turns(10);
        const { connections } = fleet.proxies[0];
        await sleep(100);
        expect(fleet.proxies[0].connections).toBe(connections);
        // The remaining timer belongs to the deadlines, which stop by themselves.
        expect(client.timerCount).toBeLessThanOrEqual(1);
        expect(heard).toEqual(['down']);
        expect(await client.set(key, 'value')).toBe(true);
    });

    it('starts without faults when an update adds it again', async () => {
        const client = await open.client(all(fleet), { failures: 1, retryMs: 100_000 });
        const key = keyOf(client, fleet.proxies[0]);
        fleet.proxies[0].cutting = 1;
        expect(await codeOf(client.get(key))).toMatch(/CONNECTION_LOST|SERVER_DOWN/);
        const failed = () => client.getStats().reduce((sum, one) => sum + one.failed, 0);
        expect(failed()).toBe(1);
        client.update(all(fleet).slice(1));
        client.update(all(fleet));
        // The counts of the removed server are gone.
        expect(failed()).toBe(0);
        expect(await client.set(key, 'value')).toBe(true);
    });
});

describe('a new server', () => {
    it('delays and fails only its own keys when unavailable', async () => {
        const client = await open.client(all(fleet).slice(0, 2), { requestTimeoutMs: 400 });
        const silent = await open.recordingProxy();
        client.update([...all(fleet).slice(0, 2), at(silent), { host: 'nowhere.invalid', port: 1 }]);
        const [mine, other] = [keyOf(client, silent), keyOf(client, fleet.proxies[0])];
        const late = codeOf(client.get(mine));
        const nowhere = codeOf(client.get(keyOf(client, { port: 1 })));
        expect(await client.set(other, 'value')).toBe(true);
        expect(await late).toBe('TIMEOUT');
        expect(await nowhere).toMatch(/CONNECTION_LOST|SERVER_DOWN|TIMEOUT/);
    });

    it('gets no connection before a call for one of its keys', async () => {
        const client = await open.client(all(fleet).slice(0, 2));
        client.update(all(fleet));
        await turns(5);
        expect(fleet.proxies[2].connections).toBe(0);
        await client.get(keyOf(client, fleet.proxies[2]));
        expect(fleet.proxies[2].connections).toBe(1);
    });
});
