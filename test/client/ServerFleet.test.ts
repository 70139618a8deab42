import { createSecureContext, type SecureContext } from 'node:tls';
import { MemcachedClient } from '../../src/client/MemcachedClient';
import type { ClientOptions } from '../../src/client/ClientOptions';
import type { ServerAddress } from '../../src/client/ServerAddress';
import { codeOf } from '../support/openCache';
import { MemcachedProcess } from '../support/server/MemcachedProcess';
import { RecordingProxy } from '../support/proxy/RecordingProxy';

/** Servers with a proxy before each, which counts connections. */
let servers: MemcachedProcess[];
let proxies: RecordingProxy[];
const clients: MemcachedClient[] = [];
const silents: RecordingProxy[] = [];

beforeEach(async () => {
    servers = await Promise.all([1, 2, 3].map(() => MemcachedProcess.start()));
    proxies = await Promise.all(servers.map(server => RecordingProxy.start(server)));
});

afterEach(async () => {
    for (const server of servers) server.continue();
    await Promise.all(clients.splice(0).map(client => client.close()));
    await Promise.all([...proxies, ...silents.splice(0)].map(proxy => proxy.end()));
    await Promise.all(servers.map(server => server.end()));
});

const at = ({ port }: { port: number }, more: Partial<ServerAddress> = {}): ServerAddress => {
    return { host: '127.0.0.1', port, ...more };
};
const named = ({ port }: { port: number }) => `127.0.0.1:${port}`;
const all = () => proxies.map(proxy => at(proxy));
const keys = Array.from({ length: 200 }, (_, i) => `key:${i}`);
const NOTHING = { added: [], removed: [], replaced: [], reweighted: [] };

function clientOf(addresses: ServerAddress[], options: Partial<ClientOptions> = {}): MemcachedClient {
    const client = new MemcachedClient(addresses, options);
    clients.push(client);
    return client;
}

async function openClient(addresses = all(), options: Partial<ClientOptions> = {}): Promise<MemcachedClient> {
    const client = clientOf(addresses, options);
    await client.open();
    return client;
}

const storeAll = (client: MemcachedClient) => Promise.all(keys.map(key => client.set(key, key)));
const keyOf = (client: MemcachedClient, { port }: { port: number }) =>
    keys.find(key => client.home(key).port === port)!;
/** Asks all the time, until it is told to stop; answers what went wrong. */
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

const turns = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await new Promise(resolve => setImmediate(resolve));
};

describe('a list of servers', () => {
    it('has each server once, with what was said of it last', async () => {
        const client = await openClient([...all(), at(proxies[0]!, { weight: 3 }), at(proxies[1]!)]);
        expect(client.socketCount).toBe(3);
        expect((await client.version()).size).toBe(3);
        expect(client.update([...all(), ...all()])).toEqual({ ...NOTHING, reweighted: [named(proxies[0]!)] });
        expect((await client.version()).size).toBe(3);
    });

    it('that is the same one changes nothing, in whatever order', async () => {
        const client = await openClient();
        const generations = keys.map(key => client.generation(key));
        expect(client.update(all().reverse())).toEqual(NOTHING);
        expect(keys.map(key => client.generation(key))).toEqual(generations);
        expect(proxies.map(proxy => proxy.connections)).toEqual([1, 1, 1]);
    });

    it('that is empty is refused, and the servers stay', async () => {
        const client = await openClient();
        expect(() => client.update([])).toThrow(expect.objectContaining({ code: 'CONNECT_FAILED' }));
        expect((await client.version()).size).toBe(3);
        const none = clientOf([]);
        expect(await codeOf(none.get('key'))).toBe('NOT_OPENED');
        expect(await codeOf(none.open())).toBe('CONNECT_FAILED');
    });

    it.each([0, -1, NaN, Infinity, '3'])('with a weight of %s is refused, and the servers stay', async weight => {
        const client = await openClient();
        const wrong = [...all().slice(1), at(proxies[0]!, { weight: weight as number })];
        const refusal = expect.objectContaining({ code: 'INVALID_CONNECTION' }) as Error;
        expect(() => client.update(wrong)).toThrow(refusal);
        expect(() => new MemcachedClient(wrong)).toThrow(refusal);
        expect((await storeAll(client)).every(Boolean)).toBe(true);
        expect(proxies.map(proxy => proxy.connections)).toEqual([1, 1, 1]);
    });
});

describe('another list of servers', () => {
    it('gives a new server its keys, and leaves the sockets of the others alone', async () => {
        const client = await openClient(all().slice(0, 2));
        const home = keys.map(key => client.home(key));
        expect(client.update(all())).toEqual({ ...NOTHING, added: [named(proxies[2]!)] });
        const moved = keys.filter((key, i) => client.home(key) !== home[i]);
        expect(moved.length).toBeGreaterThan(20);
        expect(moved.every(key => client.home(key).port === proxies[2]!.port)).toBe(true);
        expect((await storeAll(client)).every(Boolean)).toBe(true);
        expect((await client.getMany(keys)).items.size).toBe(keys.length);
        expect(proxies.map(proxy => proxy.connections)).toEqual([1, 1, 1]);
    });

    it('closes the sockets of a server that is gone, and of no other', async () => {
        const client = await openClient();
        await storeAll(client);
        expect(client.update(all().slice(1))).toEqual({ ...NOTHING, removed: [named(proxies[0]!)] });
        await proxies[0]!.until(() => proxies[0]!.openSockets === 0);
        expect(await codeOf(storeAll(client))).toMatch(/answered/);
        expect(proxies.map(proxy => proxy.connections)).toEqual([1, 1, 1]);
        expect(client.socketCount).toBe(2);
    });

    it('with another weight moves keys, and nothing else', async () => {
        const client = await openClient();
        await storeAll(client);
        const count = () => keys.filter(key => client.home(key).port === proxies[0]!.port).length;
        const before = count();
        const heavy = [at(proxies[0]!, { weight: 10 }), ...all().slice(1)];
        expect(client.update(heavy)).toEqual({ ...NOTHING, reweighted: [named(proxies[0]!)] });
        expect(count()).toBeGreaterThan(before + 20);
        await storeAll(client);
        expect(proxies.map(proxy => proxy.connections)).toEqual([1, 1, 1]);
    });

    it.each<[string, Partial<ServerAddress>]>([
        ['login', { login: { username: 'a', password: 'b' } }],
        ['TLS', { tls: { servername: 'a' } }],
    ])('with another %s replaces the server', async (_, more) => {
        const client = await openClient(all());
        const other = [at(proxies[0]!, more), ...all().slice(1)];
        expect(client.update(other)).toEqual({ ...NOTHING, replaced: [named(proxies[0]!)] });
        await proxies[0]!.until(() => proxies[0]!.openSockets === 0);
        const key = keyOf(client, proxies[0]!);
        await codeOf(client.get(key));
        expect(proxies.map(({ connections }, i) => (i === 0 ? connections > 1 : connections === 1))).toEqual([
            true,
            true,
            true,
        ]);
        const same = [at(proxies[0]!, JSON.parse(JSON.stringify(more)) as object), ...all().slice(1)];
        expect(client.update(same)).toEqual(NOTHING);
    });

    it('with another secure context replaces the server, with the same one does not', async () => {
        const context = createSecureContext({ ciphers: 'AES128-SHA' });
        const withContext = (secureContext: SecureContext) => [at(proxies[0]!, { tls: { secureContext } })];
        const client = clientOf(withContext(context));
        expect(client.update(withContext(context))).toEqual(NOTHING);
        expect(client.update(withContext(createSecureContext()))).toMatchObject({ replaced: [named(proxies[0]!)] });
    });

    it('is that of memjs too', async () => {
        const client = await openClient();
        client.update(all().slice(0, 2));
        expect(client.servers.map(({ port }) => port)).toEqual(proxies.slice(0, 2).map(({ port }) => port));
        expect(Object.keys(await client.flush())).toHaveLength(2);
        client.update(all().slice(1));
        const seen: string[] = [];
        await new Promise<void>(resolve => {
            client.stats((_, server) => {
                seen.push(server);
                if (seen.length === 2) resolve();
            });
        });
        expect(seen.sort()).toEqual(proxies.slice(1).map(named).sort());
    });

    it('under load costs no call, and leaves sockets alone', async () => {
        const client = await openClient();
        await storeAll(client);
        const stop = load(client);
        for (let i = 0; i < 40; i++) {
            client.update(i % 2 === 0 ? all().slice(0, 2) : all());
            await new Promise(resolve => setTimeout(resolve, i % 7));
        }
        const { calls, errors } = await stop();
        expect(errors).toEqual([]);
        expect(calls).toBeGreaterThan(100);
        // The third one came 20 times; it may have had no call in some of them.
        expect(proxies.map(proxy => proxy.connections).slice(0, 2)).toEqual([1, 1]);
        expect(proxies[2]!.mostAtOnce).toBeLessThanOrEqual(20);
        expect(client.socketCount).toBeLessThanOrEqual(4);
    });

    it('a thousand times in a row leaves nothing behind', async () => {
        const client = await openClient();
        const calls: Promise<unknown>[] = [];
        for (let i = 0; i < 1000; i++) {
            client.update(i % 2 === 0 ? all().slice(0, 2) : all());
            if (i % 10 === 0) calls.push(client.getMany(keys), ...keys.slice(0, 10).map(key => client.set(key, key)));
        }
        await Promise.all(calls);
        while (client.socketCount > 3) await turns(1);
        expect(client.timerCount).toBeLessThanOrEqual(1);
        expect([...(await client.version()).values()].every(one => typeof one === 'string')).toBe(true);
        await client.close();
        expect([client.socketCount, client.timerCount, client.pendingCount]).toEqual([0, 0, 0]);
    });
});

describe('a server that is gone', () => {
    it('answers the calls that it has, batches included', async () => {
        const client = await openClient([at(proxies[0]!)]);
        const many = Array.from({ length: 20_000 }, (_, i) => `many:${i}`);
        const calls = [...keys.map(key => client.set(key, key))];
        const batch = client.setMany(many.map(key => [key, 'value']));
        await turns(1);
        client.update([at(proxies[1]!)]);
        expect(await Promise.all(calls)).toEqual(keys.map(() => true));
        expect((await batch).failed.size).toBe(0);
        await proxies[0]!.until(() => proxies[0]!.openSockets === 0);
        client.update([at(proxies[0]!)]);
        expect((await client.getMany(many)).items.size).toBe(many.length);
    });

    it('and silent settles its calls in time, then its sockets go, and nobody else waits for it', async () => {
        const client = await openClient(all(), { requestTimeoutMs: 300 });
        await servers[0]!.stop();
        const key = keyOf(client, proxies[0]!);
        const late = codeOf(client.get(key));
        await turns(1);
        client.update(all().slice(1));
        expect((await client.getMany(keys)).failed.size).toBe(0);
        expect(await client.set(key, 'value')).toBe(true);
        expect(client.socketCount).toBe(3);
        expect(await late).toBe('TIMEOUT');
        await proxies[0]!.until(() => proxies[0]!.openSockets === 0);
        expect(client.pendingCount).toBe(0);
    });

    it('while it is down is not probed any more, and not spoken of', async () => {
        const heard: string[] = [];
        const observer = { onDown: () => heard.push('down'), onUp: () => heard.push('up') };
        const client = await openClient(all(), { failures: 1, retryMs: 10, observer });
        proxies[0]!.cutting = Infinity;
        const key = keyOf(client, proxies[0]!);
        await codeOf(client.get(key));
        await proxies[0]!.until(() => proxies[0]!.connections > 3);
        client.update(all().slice(1));
        await turns(10);
        const { connections } = proxies[0]!;
        await new Promise(resolve => setTimeout(resolve, 100));
        expect(proxies[0]!.connections).toBe(connections);
        // That of the deadlines, which nobody has to stop.
        expect(client.timerCount).toBeLessThanOrEqual(1);
        expect(heard).toEqual(['down']);
        expect(await client.set(key, 'value')).toBe(true);
    });

    it('and comes back is a new one: nothing of its past is held against it', async () => {
        const client = await openClient(all(), { failures: 1, retryMs: 100_000 });
        const key = keyOf(client, proxies[0]!);
        proxies[0]!.cutting = 1;
        expect(await codeOf(client.get(key))).toMatch(/CONNECTION_LOST|SERVER_DOWN/);
        client.update(all().slice(1));
        client.update(all());
        expect(await client.set(key, 'value')).toBe(true);
    });
});

describe('a new server', () => {
    it('that is away delays and fails its own keys only', async () => {
        const client = await openClient(all().slice(0, 2), { requestTimeoutMs: 400 });
        const silent = await RecordingProxy.start();
        silents.push(silent);
        client.update([...all().slice(0, 2), at(silent), { host: 'nowhere.invalid', port: 1 }]);
        const [mine, other] = [keyOf(client, silent), keyOf(client, proxies[0]!)];
        const late = codeOf(client.get(mine));
        const nowhere = codeOf(client.get(keyOf(client, { port: 1 })));
        expect(await client.set(other, 'value')).toBe(true);
        expect(await late).toBe('TIMEOUT');
        expect(await nowhere).toMatch(/CONNECTION_LOST|SERVER_DOWN|TIMEOUT/);
    });

    it('is not connected to before somebody asks for one of its keys', async () => {
        const client = await openClient(all().slice(0, 2));
        client.update(all());
        await turns(5);
        expect(proxies[2]!.connections).toBe(0);
        await client.get(keyOf(client, proxies[2]!));
        expect(proxies[2]!.connections).toBe(1);
    });
});

describe('open and close', () => {
    it('several servers none of which answers: the error says why of each', async () => {
        const silent = await RecordingProxy.start();
        silents.push(silent);
        await servers[0]!.kill();
        const options = { requestTimeoutMs: 500, failures: 1 };
        const away = named(servers[0]!);
        await expect(clientOf([at(servers[0]!), at(silent)], options).open()).rejects.toMatchObject({
            code: 'CONNECT_FAILED',
            message:
                `none of 2 memcached servers answers: memcached at ${away} is down: connect ECONNREFUSED ${away}; ` +
                `memcached at ${named(silent)} did not answer within 500 ms`,
            details: { server: `${away}, ${named(silent)}` },
        });
    });

    it('of many servers it says so of five', async () => {
        const none = Array.from({ length: 300 }, (_, i) => at({ port: i + 1 }));
        const client = clientOf(none, { failures: 1, requestTimeoutMs: 20_000 });
        const error = (await client.open().catch((error: unknown) => error)) as Error;
        expect(error.message).toMatch(/^none of 300 memcached servers answers: (.* 127\.0\.0\.1:\d; ){5}and 295 more$/);
        expect([client.socketCount, client.pendingCount, client.timerCount]).toEqual([0, 0, 0]);
    });

    it('a list that changes before open is the one that is opened', async () => {
        const client = clientOf([at(proxies[0]!)]);
        client.update(all().slice(1));
        expect(await codeOf(client.get('key'))).toBe('NOT_OPENED');
        await client.open();
        expect(proxies.map(proxy => proxy.connections)).toEqual([0, 1, 1]);
    });

    it('a list that changes while it opens is used, also when no server of the first one answers', async () => {
        const silent = await RecordingProxy.start();
        silents.push(silent);
        for (const first of [at(silent), at(proxies[0]!)]) {
            const client = clientOf([first], { requestTimeoutMs: 200 });
            const opening = client.open();
            await turns(1);
            client.update(all().slice(1));
            await opening;
            expect((await storeAll(client)).every(Boolean)).toBe(true);
            await client.close();
        }
        expect(silent.openSockets).toBe(0);
    });

    it('a list that changes while it closes, or afterwards, is opened next time', async () => {
        const client = await openClient([at(proxies[0]!)]);
        const last = client.set('key', 'value');
        const closing = client.close();
        client.update([at(proxies[1]!)]);
        expect(await last).toBe(true);
        await closing;
        expect([client.socketCount, client.timerCount]).toEqual([0, 0]);
        await proxies[0]!.until(() => proxies[0]!.openSockets === 0);
        client.update([at(proxies[2]!)]);
        await client.open();
        expect(proxies.map(proxy => proxy.connections)).toEqual([1, 0, 1]);
    });

    it('close waits for a server that is gone, as for the others', async () => {
        const client = await openClient(all(), { requestTimeoutMs: 300 });
        await servers[0]!.stop();
        const calls = [codeOf(client.get(keyOf(client, proxies[0]!))), client.getMany(keys)] as const;
        await turns(1);
        client.update(all().slice(1));
        await client.close();
        expect([client.socketCount, client.timerCount, client.pendingCount]).toEqual([0, 0, 0]);
        expect(await calls[0]).toBe('TIMEOUT');
        expect((await calls[1]).failed.size).toBeGreaterThan(0);
    });
});

describe('a CAS, when its key gets another server', () => {
    it('is of another generation, and is not compared', async () => {
        const client = await openClient(all().slice(0, 2));
        await storeAll(client);
        const moving = (() => {
            const probe = clientOf(all());
            return keys.find(key => probe.home(key).port === proxies[2]!.port)!;
        })();
        const { cas } = await client.gets(moving);
        const generation = client.generation(moving);
        client.update(all());
        // The same number lies under the same key in the other server.
        await client.set(moving, 'of another');
        expect(client.generation(moving)).not.toBe(generation);
        expect(await client.casSet(moving, 'mine', cas, { generation })).toMatchObject({ outcome: 'stale' });
        expect(await client.casDelete(moving, cas, { generation })).toBe('stale');
        expect((await client.get(moving)).value!.toString()).toBe('of another');
        // Nor is it when the key is at home again: a socket may have been away meanwhile, or not.
        client.update(all().slice(1));
        expect(client.generation(moving)).not.toBe(generation);
    });

    it.each(['removed', 'another home'])('and waits, is answered with stale: %s', async what => {
        const client = await openClient([at(proxies[0]!)], { idleMs: 50 });
        const { cas } = (await client.set('key', 'value'), await client.gets('key'));
        const generation = client.generation('key');
        const waiting = [
            client.casSet('key', 'other', cas, { generation, pinned: true }),
            client.casDelete('key', cas, { generation, pinned: true }),
        ];
        const others = client.get('key');
        // Of all keys this one goes to the new server.
        const heavy = { weight: 1000 };
        client.update(what === 'removed' ? [at(proxies[1]!)] : [at(proxies[0]!), at(proxies[1]!, heavy)]);
        expect(client.home('key').port).toBe(proxies[1]!.port);
        expect((await waiting[0]) as object).toMatchObject({ outcome: 'stale' });
        expect(await waiting[1]).toBe('stale');
        // What was asked for of the old server is answered by it.
        expect((await others).value!.toString()).toBe('value');
    });

    it('a generation is given once', async () => {
        const client = await openClient();
        const seen = new Set<number>(keys.map(key => client.generation(key)));
        for (let i = 0; i < 20; i++) {
            client.update([at(proxies[i % 3]!)]);
            const generation = client.generation('key');
            expect(seen.has(generation) && i > 0).toBe(false);
            seen.add(generation);
        }
    });
});
