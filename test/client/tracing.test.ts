import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import type { CommandTrace, ConnectTrace, MemcachedClient } from 'pip-services4-memcached-node';
import { ConnectSpan } from '../../src/client/channel/ConnectSpan';
import * as traceCall from '../../src/client/server/traceCall';
import { useOpener, useServer } from '../support/Opener';
import { holding } from '../support/proxy/FaultProxy';
import { accountThatEvicts } from './accountThatEvicts';
import { losing } from '../support/proxy/loseNext';
import { runScript } from '../support/runScript';
import type { MemcachedProcess } from '../support/server/MemcachedProcess';
import { recordSenders, recordTraces, type Traces } from '../support/traces';

const SECRET = 'nobody may see this';

const open = useOpener();
const server = useServer();
let client: MemcachedClient;
const stops: (() => void)[] = [];

beforeEach(async () => {
    client = await open.client(server, { requestTimeoutMs: 5000 });
    await client.flush();
});

afterEach(() => stops.splice(0).forEach(stop => stop()));

/** Records the traces of a channel until the end of the test. */
function listen<C extends object>(name: string): Traces<C> {
    const traces = recordTraces<C>(name);
    stops.push(() => traces.stop());
    return traces;
}

const serverOf = ({ address, host, port }: MemcachedProcess) => ({ server: address, host, port });

/** Returns the properties of every command of a caller to the server that needs no retry. */
const common = () => ({ ...serverOf(server), isInternal: false, retries: 0 });

describe('a command', () => {
    const listenToCommands = () => listen<CommandTrace>('command');

    it('publishes start and end at once, and asyncStart and asyncEnd before its caller continues', async () => {
        const { events, contexts } = listenToCommands();
        const getting = client.get('key');
        expect(events).toEqual(['start', 'end']);
        const { value } = await getting.then(item => {
            expect(events).toEqual(['start', 'end', 'asyncStart', 'asyncEnd']);
            return item;
        });
        expect(value).toBeNull();
        expect(contexts).toEqual([{ operation: 'get', key: 'key', ...common(), result: 'miss' }]);
    });

    it.each<[string, (client: MemcachedClient) => Promise<unknown>, string[]]>([
        ['get', c => c.get('key'), ['get', 'hit']],
        ['gets', c => c.gets('nothing'), ['get', 'miss']],
        ['getText', c => c.getText('key'), ['get', 'hit']],
        ['getAndDelete', c => c.getAndDelete('key'), ['getAndDelete', 'hit']],
        ['getAndTouch', c => c.getAndTouch('nothing', 60), ['getAndTouch', 'miss']],
        ['touch', c => c.touch('key', 60), ['touch', 'touched']],
        ['set', c => c.set('key', SECRET), ['set', 'stored']],
        ['add', c => c.add('key', SECRET), ['add', 'not stored']],
        ['replace', c => c.replace('nothing', SECRET), ['replace', 'not stored']],
        ['append', c => c.append('key', SECRET), ['append', 'stored']],
        ['prepend', c => c.prepend('nothing', SECRET), ['prepend', 'missing']],
        ['delete', c => c.delete('key'), ['delete', 'deleted']],
        ['casAdd', c => c.casAdd('other', SECRET), ['casAdd', 'stored']],
        ['casSet', c => c.casSet('key', SECRET, 1n), ['casSet', 'changed']],
        ['casDelete', c => c.casDelete('nothing', 1n), ['casDelete', 'missing']],
        ['increment', c => c.increment('count', 1), ['increment', 'counted']],
        ['decrement', c => c.decrement('nothing', 1, { initial: null as never }), ['decrement', 'missing']],
        ['setCounted', c => c.commands.setCounted('key', SECRET, 0, 0, accountThatEvicts(c, 'old')), ['set', 'stored']],
    ])('publishes the operation and the result of %s, and no value', async (_, perform, [operation, result]) => {
        await client.set('key', SECRET);
        const { contexts } = listenToCommands();
        await perform(client);
        expect(contexts).toEqual([{ operation, key: expect.any(String), ...common(), result }]);
        expect(JSON.stringify(contexts)).not.toContain(SECRET);
    });

    it('publishes the number of keys of a batch, of its hits, misses and failures', async () => {
        const { contexts } = listenToCommands();
        const keys = Array.from({ length: 1500 }, (_, i) => `key${i}`);
        await client.setMany(keys.map(key => [key, SECRET]));
        await client.getMany([...keys, 'none', 'nothing']);
        await client.commands.getManyText(['key1', 'none']);
        await client.deleteMany(['key1', 'none']);
        const batch = (operation: string, keyCount: number, counts: Partial<CommandTrace>) => ({
            operation,
            keyCount,
            ...common(),
            result: 'ok',
            ...counts,
        });
        expect(contexts).toEqual([
            batch('setMany', 1000, { failed: 0 }),
            batch('setMany', 500, { failed: 0 }),
            batch('getMany', 1000, { hits: 1000, misses: 0, failed: 0 }),
            batch('getMany', 502, { hits: 500, misses: 2, failed: 0 }),
            batch('getMany', 2, { hits: 1, misses: 1, failed: 0 }),
            batch('deleteMany', 2, { failed: 0 }),
        ]);
    });

    it('publishes the number of keys that the server rejects', async () => {
        const large = await open.client(server, { maxValueBytes: 4 * 1024 * 1024 });
        const { contexts } = listenToCommands();
        await large.setMany([
            ['small', 'x'],
            ['large', 'x'.repeat(2 * 1024 * 1024)],
        ]);
        expect(contexts).toMatchObject([{ operation: 'setMany', keyCount: 2, result: 'ok', failed: 1 }]);
    });

    it('publishes the hits of each server of a batch, which sum up to the hits of the caller', async () => {
        const other = await open.server();
        const both = await open.client([server, other], { requestTimeoutMs: 5000 });
        const keys = Array.from({ length: 100 }, (_, i) => `key${i}`);
        await both.setMany(keys.slice(0, 60).map(key => [key, SECRET]));
        const { contexts } = listenToCommands();
        await both.getMany(keys);
        expect(contexts.map(one => one.server).sort()).toEqual([server.address, other.address].sort());
        const sum = (count: 'hits' | 'misses' | 'failed') => contexts.reduce((total, one) => total + one[count]!, 0);
        expect([sum('hits'), sum('misses'), sum('failed')]).toEqual([60, 40, 0]);
    });

    it('publishes no hits of a batch that fails', async () => {
        const proxy = await open.faultProxy(server);
        const failing = await open.client(proxy, { requestTimeoutMs: 200, retries: 0 });
        proxy.begin(holding);
        const { contexts } = listenToCommands();
        await failing.getMany(['a', 'b']);
        expect(contexts).toMatchObject([{ operation: 'getMany', keyCount: 2, error: { code: 'TIMEOUT' } }]);
        expect(Object.keys(contexts[0]!)).not.toEqual(expect.arrayContaining(['hits']));
    });

    it.each(['get', 'getMany'] as const)('publishes the number of retries of a %s', async verb => {
        const proxy = await open.faultProxy(server);
        const retrying = await open.client(proxy, { requestTimeoutMs: 5000, retries: 2 });
        await client.set('key', SECRET);
        const { contexts } = listenToCommands();
        proxy.begin(losing('get', 'the reply', 'a reset', 2));
        await (verb === 'get' ? retrying.get('key') : retrying.getMany(['key', 'none']));
        const result = verb === 'get' ? { result: 'hit' } : { result: 'ok', hits: 1, misses: 1, failed: 0 };
        expect(contexts).toMatchObject([{ operation: verb, retries: 2, ...result }]);
    });

    it('publishes the number of retries of a call that fails, before its error', async () => {
        const proxy = await open.faultProxy(server);
        const retrying = await open.client(proxy, { requestTimeoutMs: 5000, retries: 1 });
        const { contexts } = listenToCommands();
        const retries: number[] = [];
        const tracing = tracingChannel<unknown, CommandTrace>('pip-services4-memcached:command');
        const subscribers = { error: ({ retries: count }: CommandTrace) => void retries.push(count) };
        tracing.subscribe(subscribers as never);
        stops.push(() => void tracing.unsubscribe(subscribers as never));
        proxy.begin(losing('get', 'the reply', 'a reset', 2));
        await expect(retrying.get('key')).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
        expect(contexts).toMatchObject([{ operation: 'get', retries: 1, error: { code: 'CONNECTION_LOST' } }]);
        expect(retries).toEqual([1]);
    });

    it.each<[string, (client: MemcachedClient) => Promise<unknown>]>([
        ['version', c => c.version()],
        ['stats', c => c.stats()],
        ['stats', c => c.statsWithKey('settings')],
        ['resetStats', c => c.resetStats()],
        ['noop', c => c.noop()],
        ['flush', c => c.flush()],
    ])('publishes the operation %s of the server, and no key', async (operation, perform) => {
        const { contexts } = listenToCommands();
        await perform(client);
        expect(contexts).toEqual([{ operation, ...common(), result: 'ok' }]);
        expect(Object.keys(contexts[0]!)).not.toContain('key');
    });

    it('publishes the host of IPv6 without brackets, and the path of a Unix socket without a port', async () => {
        const ipv6 = await open.server({ host: '::1' });
        const unix = await open.server({ unixSocket: true });
        const path = unix.socketPath!;
        const { contexts } = listenToCommands();
        const sockets = listen<ConnectTrace>('connect');
        await (await open.client(ipv6)).get('key');
        await (await open.client({ host: 'cache-1', port: 0, path })).get('key');
        await (await open.client({ host: 'localhost', port: server.port })).get('key');
        const servers = [
            { server: `[::1]:${ipv6.port}`, host: '::1', port: ipv6.port },
            { server: `unix://${path}`, host: path },
            { server: `localhost:${server.port}`, host: 'localhost', port: server.port },
        ];
        const gets = contexts.filter(({ operation }) => operation === 'get');
        const rest = { operation: 'get', key: 'key', isInternal: false, retries: 0, result: 'miss' };
        expect(gets).toEqual(servers.map(one => ({ ...rest, ...one })));
        expect(sockets.contexts).toEqual(servers.map(one => ({ ...one, result: 'connected' })));
    });

    it('agrees with getStats about hits, misses and retries, despite lost replies', async () => {
        const proxy = await open.faultProxy(server);
        const retrying = await open.client(proxy, { requestTimeoutMs: 5000, retries: 3 });
        await client.set('key1', SECRET);
        const [before] = retrying.getStats();
        const { contexts } = listenToCommands();
        const keys = Array.from({ length: 50 }, (_, i) => `key${i}`);
        proxy.begin(losing('get', 'half of the reply', 'a reset', 2));
        const gets = Promise.all(keys.map(key => retrying.get(key)));
        await Promise.all([retrying.getMany(keys), gets, retrying.getAndDelete('none')]);
        const [after] = retrying.getStats();
        const sum = (count: (trace: CommandTrace) => number) => contexts.reduce((total, one) => total + count(one), 0);
        expect({
            hits: sum(({ hits = 0, result }) => hits + (result === 'hit' ? 1 : 0)),
            misses: sum(({ misses = 0, result }) => misses + (result === 'miss' ? 1 : 0)),
            retries: sum(({ retries }) => retries),
        }).toEqual({
            hits: after!.hits - before!.hits,
            misses: after!.misses - before!.misses,
            retries: after!.retries - before!.retries,
        });
        expect(after!.retries).toBeGreaterThan(0);
    });

    it('ends before close resolves, also without an answer', async () => {
        const proxy = await open.faultProxy(server);
        const closing = await open.client(proxy, { requestTimeoutMs: 300 });
        proxy.begin(holding);
        const { events, contexts } = listenToCommands();
        const calls = [closing.get('a'), closing.getMany(['b', 'c']), closing.set('d', SECRET)];
        const settled = Promise.allSettled(calls);
        await closing.close();
        expect(events.filter(event => event === 'asyncEnd')).toHaveLength(3);
        expect(contexts.map(({ error }) => (error as { code: string }).code)).toEqual(Array(3).fill('TIMEOUT'));
        await settled;
    });

    it('settles as usual when its subscriber leaves or another one comes meanwhile', async () => {
        await client.set('key', SECRET);
        const left = listenToCommands();
        const getting = client.get('key');
        left.stop();
        const late = listenToCommands();
        expect((await getting).value!.toString()).toBe(SECRET);
        expect(left.events).toEqual(['start', 'end']);
        expect(late.events).toEqual(['asyncStart', 'asyncEnd']);
    });

    it('marks requests that no caller has asked for', async () => {
        const other = open.clientOf(server);
        expect(await recordSenders(() => other.open())).toEqual({ callers: [], internal: ['noop'] });
        expect(await recordSenders(() => other.checkHealth())).toEqual({
            callers: [],
            internal: ['noop', 'version', 'stats', 'stats'],
        });
        const account = accountThatEvicts(other, 'old');
        const servers = await open.client([server, await open.server()]);
        expect(await recordSenders(() => other.commands.setMany([['new', SECRET]], null, account))).toEqual({
            callers: ['setMany'],
            internal: ['evictMany'],
        });
        const otherKey = Array.from({ length: 100 }, (_, i) => `key${i}`).find(
            key => servers.server(key) !== servers.server('new'),
        )!;
        const elsewhere = accountThatEvicts(servers, otherKey);
        expect(await recordSenders(() => servers.commands.setCounted('new', SECRET, 0, 0, elsewhere))).toEqual({
            callers: ['set new'],
            internal: [`casDelete ${otherKey}`],
        });
    });

    it('publishes its error, and rejects as it does without listeners', async () => {
        await client.set('text', SECRET);
        const { events, contexts } = listenToCommands();
        const error = await client.increment('text', 1).catch((failure: Error) => failure);
        expect(error).toMatchObject({ code: 'NOT_A_NUMBER' });
        expect(events).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
        expect(contexts).toEqual([{ operation: 'increment', key: 'text', ...common(), error }]);
    });

    it('is published even for a server that is down', async () => {
        const other = await open.server();
        const failing = await open.client(other, { failures: 1, retries: 0, retryMs: 60_000 });
        await other.kill();
        while (failing.getStats()[0]!.isUp) await failing.get('key').catch(() => {});
        const { events, contexts } = listenToCommands();
        const getting = failing.get('key');
        expect(events.slice(0, 2)).toEqual(['start', 'end']);
        await expect(getting).rejects.toMatchObject({ code: 'SERVER_DOWN' });
        expect(contexts[0]).toMatchObject({ key: 'key', error: { code: 'SERVER_DOWN' } });
    });

    it('keeps an unhandled rejection visible', async () => {
        const unflushable = await open.server({ args: ['-F'] });
        const { stdout } = await runScript(`
            const { tracingChannel } = require('node:diagnostics_channel');
            const { MemcachedClient } = require('./src/client/MemcachedClient');
            tracingChannel('pip-services4-memcached:command').subscribe({ start() {} });
            process.on('unhandledRejection', error => console.log('unhandled ' + error.code));
            (async () => {
                const client = new MemcachedClient([{ host: '${unflushable.host}', port: ${unflushable.port} }]);
                await client.open();
                await client.set('text', 'no number');
                client.increment('text', 1);
                await client.noop();
                await new Promise(setImmediate);
                const [refused] = Object.values(await client.flush().catch(error => [error]));
                console.log(refused.code);
                await new Promise(setImmediate);
                await client.close();
            })();
        `);
        expect(stdout.trim().split('\n')).toEqual(['unhandled NOT_A_NUMBER', 'AUTH_FAILED']);
    });

    it('does not fail when a listener throws, which Node reports as an uncaught exception', async () => {
        const { stdout } = await runScript(`
            const { tracingChannel } = require('node:diagnostics_channel');
            const { MemcachedClient } = require('./src/client/MemcachedClient');
            const fail = () => { throw new Error('of the listener'); };
            const thrown = [];
            process.on('uncaughtException', error => thrown.push(error.message));
            (async () => {
                const client = new MemcachedClient([{ host: '${server.host}', port: ${server.port} }]);
                await client.open();
                const fails = { start: fail, end: fail, asyncStart: fail, asyncEnd: fail, error: fail };
                for (const name of ['command', 'connect']) tracingChannel('pip-services4-memcached:' + name).subscribe(fails);
                const answers = [await client.set('key', 'value'), String((await client.get('key')).value)];
                await client.close();
                console.log(JSON.stringify([answers, new Set(thrown).size, thrown.length]));
            })();
        `);
        expect(JSON.parse(stdout)).toEqual([[true, 'value'], 1, 8]);
    });

    it('keeps the bound store of each caller when several callers share a turn', async () => {
        const store = new AsyncLocalStorage<{ parent: unknown; key?: string }>();
        const caller = new AsyncLocalStorage<string>();
        const tracing = tracingChannel<unknown, CommandTrace>('pip-services4-memcached:command');
        tracing.start.bindStore(store, ({ key }: CommandTrace) => ({ parent: caller.getStore(), key }));
        stops.push(() => tracing.start.unbindStore(store));
        const ended: unknown[] = [];
        const done: unknown[] = [];
        const subscribers = {
            end: () => void ended.push(store.getStore()),
            asyncEnd: ({ key }: CommandTrace) => void done.push([key, caller.getStore()]),
        };
        tracing.subscribe(subscribers as never);
        stops.push(() => tracing.unsubscribe(subscribers as never));
        await Promise.all(['a', 'b', 'c'].map(name => caller.run(`caller ${name}`, () => client.get(name))));
        expect(ended).toEqual(['a', 'b', 'c'].map(key => ({ parent: `caller ${key}`, key })));
        expect(done).toEqual(['a', 'b', 'c'].map(key => [key, `caller ${key}`]));
        expect(store.getStore()).toBeUndefined();
    });
});

describe.each([false, true])('a callback, with a subscriber: %s', isTraced => {
    it.each<[string, (client: MemcachedClient, callback: () => void) => void]>([
        ['get', (c, callback) => c.get('key', callback)],
        ['set', (c, callback) => c.set('key', 'value', callback)],
        ['stats', (c, callback) => c.stats(callback)],
        ['statsWithKey', (c, callback) => c.statsWithKey('items', callback)],
        ['resetStats', (c, callback) => c.resetStats(callback)],
        ['flush', (c, callback) => c.flush(callback)],
    ])('of %s runs in the async context of its caller', async (_, perform) => {
        if (isTraced) listen('command');
        const caller = new AsyncLocalStorage<string>();
        const run = (name: string) =>
            new Promise(resolve => caller.run(name, () => perform(client, () => resolve(caller.getStore()))));
        expect(await Promise.all(['one', 'other'].map(run))).toEqual(['one', 'other']);
    });
});

describe('a socket', () => {
    const listenToSockets = () => listen<ConnectTrace>('connect');

    it('is published from its creation until it is usable', async () => {
        const { events, contexts } = listenToSockets();
        const other = open.clientOf(server);
        const opening = other.open();
        await opening;
        expect(events).toEqual(['start', 'end', 'asyncStart', 'asyncEnd']);
        expect(contexts).toEqual([{ ...serverOf(server), result: 'connected' }]);
        await other.close();
        expect(events.length).toBe(4);
    });

    it('publishes the reason for a failed connection', async () => {
        const away = await open.server();
        await away.kill();
        const { events, contexts } = listenToSockets();
        const other = open.clientOf(away, { failures: 1, retryMs: 60_000 });
        await expect(other.open()).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
        expect(events.slice(0, 5)).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
        expect(contexts[0]).toMatchObject({ server: away.address, error: { code: 'ECONNREFUSED' } });
    });

    it('ends without an error when the client closes', async () => {
        const locked = await open.server({ login: { username: 'ann', password: 'x' } });
        const proxy = await open.faultProxy(locked);
        proxy.begin(holding);
        const { events, contexts } = listenToSockets();
        const login = { username: 'ann', password: 'x' };
        const other = open.clientOf({ port: proxy.port, login });
        const opening = other.open().catch(() => {});
        await proxy.until(({ replyFrames }) => replyFrames > 0);
        await other.close();
        await opening;
        expect(events).toEqual(['start', 'end', 'asyncStart', 'asyncEnd']);
        expect(contexts).toMatchObject([{ port: proxy.port, result: 'unused' }]);
        expect(JSON.stringify(contexts)).not.toContain('ann');
    });
});

it('creates no traces without listeners', async () => {
    const calls = jest.spyOn(traceCall, 'traceCall');
    const sockets = jest.spyOn(ConnectSpan.prototype, 'start');
    const other = await open.client(server);
    await other.get('key');
    await other.getMany(['a', 'b']);
    expect([calls.mock.calls.length, sockets.mock.calls.length]).toEqual([0, 0]);
    listen('command');
    listen('connect');
    await other.get('key');
    await other.close();
    await other.open();
    // The greeting is a command too.
    expect([calls.mock.calls.length, sockets.mock.calls.length]).toEqual([2, 1]);
    stops.splice(0).forEach(stop => stop());
    await other.get('key');
    expect(calls.mock.calls.length).toBe(2);
    await other.close();
    jest.restoreAllMocks();
});
