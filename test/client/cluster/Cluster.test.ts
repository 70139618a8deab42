import { createSecureContext, type SecureContext } from 'node:tls';
import { MemcachedClient, type ServerAddress } from 'pip-services4-memcached-node';
import { codeOf } from '../../support/codeOf';
import { useFleet } from '../../support/Fleet';
import { useOpener } from '../../support/Opener';
import { sleep } from '../../support/sleep';
import { all, at, keyOf, keys, named, storeAll, turns } from '../fleetOf';

const open = useOpener();
const fleet = useFleet(open);

const NOTHING = { added: [], removed: [], replaced: [], reweighted: [] };

/**
 * Starts calls of the client. Returns a function that stops the calls, and resolves with their
 * number and errors.
 */
function load(client: MemcachedClient): () => Promise<{ calls: number; errors: string[] }> {
    let isOver = false;
    let calls = 0;
    const errors: string[] = [];
    const ask = async (from: number): Promise<void> => {
        for (let i = from; !isOver; i++) {
            const key = keys[i % keys.length]!;
            const answer = i % 10 === 0 ? client.set(key, key) : client.get(key);
            await answer.catch((error: Error) => errors.push(error.message));
            if (i % 50 === 0) {
                const { failed } = await client.getMany(keys);
                for (const error of failed.values()) errors.push(error.message);
            }
            calls++;
        }
    };
    const done = Promise.all(Array.from({ length: 16 }, (_, i) => ask(i * 7)));
    return async () => {
        isOver = true;
        await done;
        return { calls, errors };
    };
}

describe('a list of servers', () => {
    it('keeps each server once, with the properties of its last entry', async () => {
        const client = await open.client([...all(fleet), at(fleet.proxies[0], { weight: 3 }), at(fleet.proxies[1])]);
        expect(client.socketCount).toBe(3);
        expect((await client.version()).size).toBe(3);
        expect(client.update([...all(fleet), ...all(fleet)])).toEqual({
            ...NOTHING,
            reweighted: [named(fleet.proxies[0])],
        });
        expect((await client.version()).size).toBe(3);
    });

    it('changes nothing when the servers are the same in another order', async () => {
        const client = await open.client(all(fleet));
        const epochs = keys.map(key => client.epoch(key));
        expect(client.update(all(fleet).reverse())).toEqual(NOTHING);
        expect(keys.map(key => client.epoch(key))).toEqual(epochs);
        expect(fleet.proxies.map(proxy => proxy.connections)).toEqual([1, 1, 1]);
    });

    it('rejects an empty list and keeps the servers', async () => {
        const client = await open.client(all(fleet));
        expect(() => client.update([])).toThrow(expect.objectContaining({ code: 'CONNECT_FAILED' }));
        expect((await client.version()).size).toBe(3);
        const none = open.clientOf([]);
        expect(await codeOf(none.get('key'))).toBe('NOT_OPENED');
        expect(await codeOf(none.open())).toBe('CONNECT_FAILED');
    });

    it.each([0, -1, NaN, Infinity, '3'])('rejects a weight of %s and keeps the servers', async weight => {
        const client = await open.client(all(fleet));
        const wrong = [...all(fleet).slice(1), at(fleet.proxies[0], { weight: weight as number })];
        const refusal = expect.objectContaining({ code: 'INVALID_CONNECTION' }) as Error;
        expect(() => client.update(wrong)).toThrow(refusal);
        expect(() => new MemcachedClient(wrong)).toThrow(refusal);
        expect((await storeAll(client)).every(Boolean)).toBe(true);
        expect(fleet.proxies.map(proxy => proxy.connections)).toEqual([1, 1, 1]);
    });
});

describe('an update of the servers', () => {
    it('moves keys to a new server and keeps the sockets of the other servers', async () => {
        const client = await open.client(all(fleet).slice(0, 2));
        const home = keys.map(key => client.homeServer(key));
        expect(client.update(all(fleet))).toEqual({ ...NOTHING, added: [named(fleet.proxies[2])] });
        const moved = keys.filter((key, i) => client.homeServer(key) !== home[i]);
        expect(moved.length).toBeGreaterThan(20);
        expect(moved.every(key => client.homeServer(key).port === fleet.proxies[2].port)).toBe(true);
        expect((await storeAll(client)).every(Boolean)).toBe(true);
        expect((await client.getMany(keys)).items.size).toBe(keys.length);
        expect(fleet.proxies.map(proxy => proxy.connections)).toEqual([1, 1, 1]);
    });

    it('closes only the sockets of the removed server', async () => {
        const client = await open.client(all(fleet));
        await storeAll(client);
        expect(client.update(all(fleet).slice(1))).toEqual({ ...NOTHING, removed: [named(fleet.proxies[0])] });
        await fleet.proxies[0].until(() => fleet.proxies[0].openSockets === 0);
        expect(await codeOf(storeAll(client))).toMatch(/answered/);
        expect(fleet.proxies.map(proxy => proxy.connections)).toEqual([1, 1, 1]);
        expect(client.socketCount).toBe(2);
    });

    it('moves keys, and changes nothing else, when a weight changes', async () => {
        const client = await open.client(all(fleet));
        await storeAll(client);
        const count = () => keys.filter(key => client.homeServer(key).port === fleet.proxies[0].port).length;
        const before = count();
        const heavy = [at(fleet.proxies[0], { weight: 10 }), ...all(fleet).slice(1)];
        expect(client.update(heavy)).toEqual({ ...NOTHING, reweighted: [named(fleet.proxies[0])] });
        expect(count()).toBeGreaterThan(before + 20);
        await storeAll(client);
        expect(fleet.proxies.map(proxy => proxy.connections)).toEqual([1, 1, 1]);
    });

    it.each<[string, Partial<ServerAddress>]>([
        ['login', { login: { username: 'a', password: 'b' } }],
        ['TLS', { tls: { servername: 'a' } }],
    ])('replaces the server when its %s changes', async (_, more) => {
        const client = await open.client(all(fleet));
        const other = [at(fleet.proxies[0], more), ...all(fleet).slice(1)];
        expect(client.update(other)).toEqual({ ...NOTHING, replaced: [named(fleet.proxies[0])] });
        await fleet.proxies[0].until(() => fleet.proxies[0].openSockets === 0);
        const key = keyOf(client, fleet.proxies[0]);
        await codeOf(client.get(key));
        expect(fleet.proxies.map(({ connections }, i) => (i === 0 ? connections > 1 : connections === 1))).toEqual([
            true,
            true,
            true,
        ]);
        const same = [at(fleet.proxies[0], JSON.parse(JSON.stringify(more)) as object), ...all(fleet).slice(1)];
        expect(client.update(same)).toEqual(NOTHING);
    });

    it('replaces the server only when its secure context changes', async () => {
        const context = createSecureContext({ ciphers: 'AES128-SHA' });
        const withContext = (secureContext: SecureContext) => [at(fleet.proxies[0], { tls: { secureContext } })];
        const client = open.clientOf(withContext(context));
        expect(client.update(withContext(context))).toEqual(NOTHING);
        expect(client.update(withContext(createSecureContext()))).toMatchObject({
            replaced: [named(fleet.proxies[0])],
        });
    });

    it('applies to memjs calls too', async () => {
        const client = await open.client(all(fleet));
        client.update(all(fleet).slice(0, 2));
        expect(client.servers.map(({ port }) => port)).toEqual(fleet.proxies.slice(0, 2).map(({ port }) => port));
        expect(Object.keys(await client.flush())).toHaveLength(2);
        client.update(all(fleet).slice(1));
        const seen: string[] = [];
        await new Promise<void>(resolve => {
            client.stats((_, server) => {
                seen.push(server);
                if (seen.length === 2) resolve();
            });
        });
        expect(seen.sort()).toEqual(fleet.proxies.slice(1).map(named).sort());
    });

    it('fails no call under load, and keeps the sockets of the other servers', async () => {
        const client = await open.client(all(fleet));
        await storeAll(client);
        const stop = load(client);
        for (let i = 0; i < 40; i++) {
            client.update(i % 2 === 0 ? all(fleet).slice(0, 2) : all(fleet));
            await sleep(i % 7);
        }
        const { calls, errors } = await stop();
        expect(errors).toEqual([]);
        expect(calls).toBeGreaterThan(100);
        // The test adds the third server 20 times. Each time, the server may leave the list before
        // its first call.
        expect(fleet.proxies.map(proxy => proxy.connections).slice(0, 2)).toEqual([1, 1]);
        expect(fleet.proxies[2].mostAtOnce).toBeLessThanOrEqual(20);
        // A removed server closes its sockets after its last reply.
        while (client.socketCount > 4) await sleep(5);
    });

    it('leaves no socket of a removed server after a thousand updates in a row', async () => {
        // Each server has one socket, so a fourth socket belongs to a removed server.
        const client = await open.client(all(fleet), { poolSize: 1 });
        const calls: Promise<unknown>[] = [];
        for (let i = 0; i < 1000; i++) {
            client.update(i % 2 === 0 ? all(fleet).slice(0, 2) : all(fleet));
            if (i % 10 === 0) calls.push(client.getMany(keys), ...keys.slice(0, 2).map(key => client.set(key, key)));
        }
        await Promise.all(calls);
        while (client.socketCount > 3) await turns(1);
        expect(client.timerCount).toBeLessThanOrEqual(1);
        expect([...(await client.version()).values()].every(one => typeof one === 'string')).toBe(true);
        await client.close();
        expect([client.socketCount, client.timerCount, client.pendingCount]).toEqual([0, 0, 0]);
    });
});
