import { AsyncLocalStorage } from 'node:async_hooks';
import type { MemcachedClient } from 'pip-services4-memcached-node';
import { Client } from '../../../src/client/memjs/baseClass';
import { useOpener, useServer } from '../../support/Opener';
import type { MemcachedProcess } from '../../support/server/MemcachedProcess';
import { readItem, readStat } from '../../support/server/textProtocol';

const open = useOpener();
const server = useServer();
let dead: MemcachedProcess;
let client: MemcachedClient;

const serverDown = expect.objectContaining({
    code: expect.stringMatching(/^(CONNECTION_LOST|SERVER_DOWN)$/) as unknown,
});

beforeEach(async () => {
    dead = await open.server();
    client = await open.client([server, dead], { retries: 0, failures: 1 });
    await open.kill(dead);
});

/** Collects the arguments of `count` calls of a callback. */
const calledBack = (count: number, start: (callback: (...results: unknown[]) => void) => void) =>
    new Promise<unknown[][]>(resolve => {
        const calls: unknown[][] = [];
        start((...results) => {
            if (calls.push(results) === count) resolve(calls);
        });
    });

it('is an instance of memjs.Client', () => {
    expect(client).toBeInstanceOf(Client);
});

it.each<[string, (client: MemcachedClient, callback: (...results: unknown[]) => void) => void, object]>([
    ['stats', (c, callback) => c.stats(callback), { pid: expect.any(String) as unknown }],
    ['statsWithKey', (c, callback) => c.statsWithKey('settings', callback), { cas_enabled: 'yes' }],
    ['resetStats', (c, callback) => c.resetStats(callback), {}],
])('calls back once per server for %s, with its statistics or its error', async (_, start, stats) => {
    const calls = await calledBack(2, callback => start(client, callback));
    expect(calls).toContainEqual([null, server.address, expect.objectContaining(stats)]);
    expect(calls).toContainEqual([serverDown, dead.address, null]);
});

type Start = (client: MemcachedClient, callback: (...results: unknown[]) => void) => void;

it.each<[string, Start]>([
    ['get', (c, callback) => c.get('key', callback)],
    ['set', (c, callback) => c.set('key', 'value', callback)],
    ['increment', (c, callback) => c.increment('n', 1, callback)],
    ['delete', (c, callback) => c.delete('key', callback)],
    ['stats', (c, callback) => c.stats(callback)],
    ['statsWithKey', (c, callback) => c.statsWithKey('settings', callback)],
    ['resetStats', (c, callback) => c.resetStats(callback)],
    ['flush', (c, callback) => c.flush(callback)],
])('calls back in the async context of the caller of %s', async (_, start) => {
    const storage = new AsyncLocalStorage<string>();
    const callers = await Promise.all(
        ['a', 'b', 'c'].map(caller =>
            storage.run(
                caller,
                () => new Promise(resolve => start(client, () => resolve([caller, storage.getStore()]))),
            ),
        ),
    );
    expect(callers).toEqual(['a', 'b', 'c'].map(caller => [caller, caller]));
});

it('returns the statistics or the error of each server from stats, statsWithKey and resetStats', async () => {
    await client.get('key').catch(() => {});
    for (const byServer of [await client.stats(), await client.statsWithKey('settings'), await client.resetStats()]) {
        expect([...byServer.keys()].sort()).toEqual([server.address, dead.address].sort());
        expect(byServer.get(server.address)).not.toBeInstanceOf(Error);
        expect(byServer.get(dead.address)).toEqual(serverDown);
    }
    expect(await readStat(server, 'cmd_get')).toBe(0);
});

it('empties the servers that answer flush, and names the other servers', async () => {
    // So many keys that some belong to the server that answers, wherever the ring places them.
    const keys = Array.from({ length: 60 }, (_, i) => `key${i}`);
    const stored = await Promise.all(keys.map(key => client.set(key, key).catch(() => false)));
    expect(stored).toContain(true);
    const results = { [server.address]: true, [dead.address]: serverDown };
    expect(await calledBack(1, callback => client.flush(callback))).toEqual([[serverDown, results]]);
    for (const key of keys) expect(await readItem(server, key)).toBeNull();
    await expect(client.flush()).rejects.toEqual(serverDown);
});

it('returns the servers and the server of a key', () => {
    expect(client.servers.map(({ host, port }) => `${host}:${port}`)).toEqual([server.address, dead.address]);
    for (const key of ['a', 'b', 'c', 'd', 'e']) {
        expect(client.servers[client.getServer(key)]).toBe(client.server(key));
    }
});

it('throws from perform, and names the replacement', () => {
    const perform = (client as unknown as { perform(...args: unknown[]): void }).perform.bind(client);
    expect(() => perform('key', Buffer.alloc(24), 1, () => {})).toThrow(
        new TypeError('perform is not supported: use the verbs of MemcachedClient'),
    );
});
