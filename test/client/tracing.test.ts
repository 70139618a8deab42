import { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import type { CommandTrace, ConnectTrace, MemcachedClient } from 'pip-services4-memcached-node';
import { ConnectSpan } from '../../src/client/channel/ConnectSpan';
import * as traceCall from '../../src/client/server/traceCall';
import { useOpener, useServer } from '../support/Opener';
import { holding } from '../support/proxy/FaultProxy';
import { accountThatEvicts } from './accountThatEvicts';
import { runScript } from '../support/runScript';

const EVENTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;
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

/** Records all events of a tracing channel in order. */
function listen<C extends object>(name: string): { events: string[]; contexts: C[] } {
    const heard: { events: string[]; contexts: C[] } = { events: [], contexts: [] };
    const subscribers = Object.fromEntries(
        EVENTS.map(event => [
            event,
            (context: C) => {
                heard.events.push(event);
                if (!heard.contexts.includes(context)) heard.contexts.push(context);
            },
        ]),
    );
    const tracing = tracingChannel<unknown, C>(`pip-services4-memcached:${name}`);
    tracing.subscribe(subscribers as never);
    stops.push(() => tracing.unsubscribe(subscribers as never));
    return heard;
}

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
        expect(contexts).toEqual([{ operation: 'get', key: 'key', server: server.address, result: 'miss' }]);
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
        expect(contexts).toEqual([{ operation, key: expect.any(String), server: server.address, result }]);
        expect(JSON.stringify(contexts)).not.toContain(SECRET);
    });

    it('publishes the number of keys of a batch', async () => {
        const { contexts } = listenToCommands();
        const keys = Array.from({ length: 1500 }, (_, i) => `key${i}`);
        await client.setMany(keys.map(key => [key, SECRET]));
        await client.getMany(keys);
        await client.deleteMany(['one']);
        const batch = (operation: string, keyCount: number) => ({
            operation,
            keyCount,
            server: server.address,
            result: 'ok',
        });
        expect(contexts).toEqual([
            batch('setMany', 1000),
            batch('setMany', 500),
            batch('getMany', 1000),
            batch('getMany', 500),
            batch('deleteMany', 1),
        ]);
    });

    it('publishes no key when it has none', async () => {
        const { contexts } = listenToCommands();
        await client.version();
        await client.stats();
        await client.noop();
        await client.flush();
        const operations = contexts.map(({ operation, ...rest }) => [operation, Object.keys(rest).join()]);
        expect(operations).toEqual(['version', 'stats', 'noop', 'flush'].map(one => [one, 'server,result']));
    });

    it('publishes its error, and rejects as it does without listeners', async () => {
        await client.set('text', SECRET);
        const { events, contexts } = listenToCommands();
        const error = await client.increment('text', 1).catch((failure: Error) => failure);
        expect(error).toMatchObject({ code: 'NOT_A_NUMBER' });
        expect(events).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
        expect(contexts).toEqual([{ operation: 'increment', key: 'text', server: server.address, error }]);
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

describe('a socket', () => {
    const listenToSockets = () => listen<ConnectTrace>('connect');

    it('is published from its creation until it is usable', async () => {
        const { events, contexts } = listenToSockets();
        const other = open.clientOf(server);
        const opening = other.open();
        await opening;
        expect(events).toEqual(['start', 'end', 'asyncStart', 'asyncEnd']);
        expect(contexts).toEqual([{ server: server.address, result: 'connected' }]);
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
        expect(contexts).toEqual([{ server: expect.any(String), result: 'unused' }]);
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
