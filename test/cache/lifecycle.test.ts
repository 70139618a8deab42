import { Context, Descriptor } from 'pip-services4-components-node';
import { MemcachedCache } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { timed } from '../support/LagMeter';
import { useOpener, useServer } from '../support/Opener';
import type { RecordingProxy } from '../support/proxy/RecordingProxy';
import { runScript } from '../support/runScript';
import { configOf, type Settings } from '../support/settings';
import { heldLoader } from './loaders';

const server = useServer();
const opener = useOpener();
let proxy: RecordingProxy;

beforeEach(async () => {
    proxy = await opener.recordingProxy(server);
});

const create = (settings: Settings = {}): MemcachedCache => opener.cacheOf(proxy, settings);

async function expectNotOpened(cache: MemcachedCache): Promise<void> {
    expect(cache.isOpen()).toBe(false);
    for (const call of [
        () => cache.retrieve('trace', 'key'),
        () => cache.store('trace', 'key', 1, 50_000),
        () => cache.store('trace', 'key', null, 50_000),
        () => cache.remove('trace', 'key'),
    ]) {
        await expect(call()).rejects.toMatchObject({ code: 'NOT_OPENED', trace_id: 'trace' });
    }
}

it('rejects every call with NOT_OPENED before open and after close', async () => {
    const cache = create();
    await expectNotOpened(cache);
    await cache.open(null);
    expect(cache.isOpen()).toBe(true);
    await cache.store(null, 'key', 1, 50_000);
    await cache.close(null);
    await expectNotOpened(cache);
    expect(await codeOf(new MemcachedCache().retrieve(null, 'key'))).toBe('NOT_OPENED');
});

it('opens twice, closes twice, and opens again', async () => {
    const cache = create();
    await cache.close(null);
    await Promise.all([cache.open(null), cache.open(null)]);
    await cache.open(null);
    await proxy.until(() => proxy.openSockets === 1);
    expect(proxy.connections).toBe(1);
    await Promise.all([cache.close(null), cache.close(null)]);
    await proxy.until(() => proxy.openSockets === 0);
    await cache.open(null);
    await cache.store(null, 'key', 1, 50_000);
    expect(await cache.retrieve(null, 'key')).toBe(1);
});

it('rejects open when close interrupts it, and leaves no socket', async () => {
    for (const turns of [0, 1, 2, 3, 5]) {
        const cache = create();
        const opening = codeOf(cache.open('trace'));
        for (let i = 0; i < turns; i++) await Promise.resolve();
        await cache.close(null);
        expect(await opening).toBe('NOT_OPENED');
        await expectNotOpened(cache);
        await proxy.until(() => proxy.openSockets === 0);
    }
});

it('rejects open when close interrupts the discovery', async () => {
    let answer!: (connections: unknown[]) => void;
    const discovery = { resolveAll: () => new Promise(resolve => (answer = resolve)) };
    const slow = new Descriptor('test', 'discovery', 'slow', 'default', '1.0');
    const references = opener.logger.references(slow, discovery);
    const cache = opener.cacheOf([], { 'connection.discovery_key': 'cache' }, references);
    const opening = codeOf(cache.open('trace'));
    while (answer === undefined) await new Promise(setImmediate);
    await cache.close(null);
    answer([configOf(proxy).getSection('connections.0')]);
    expect(await opening).toBe('NOT_OPENED');
    expect(cache.isOpen()).toBe(false);
    expect(proxy.connections).toBe(0);
});

it('opens again after a close during open', async () => {
    const cache = create();
    const first = codeOf(cache.open(null));
    const closing = cache.close(null);
    await cache.open(null);
    await closing;
    expect(await first).toBe('NOT_OPENED');
    await cache.store(null, 'key', 1, 50_000);
    expect(await cache.retrieve(null, 'key')).toBe(1);
    await cache.close(null);
    await proxy.until(() => proxy.openSockets === 0);
});

it('rejects open with CONNECT_FAILED without a server, leaves no socket open, and allows a retry', async () => {
    await server.kill();
    const cache = create({ failures: 1 });
    await expect(cache.open('trace')).rejects.toMatchObject({
        code: 'CONNECT_FAILED',
        trace_id: 'trace',
        details: { server: `127.0.0.1:${proxy.port}` },
    });
    await expectNotOpened(cache);
    await proxy.until(() => proxy.openSockets === 0);
    await server.restart();
    await cache.open(null);
    expect(await cache.store(null, 'key', 1, 50_000)).toBe(1);
});

it('rejects open with NO_CONNECTION and the options to set when there is no configuration', async () => {
    const cache = new MemcachedCache();
    await expect(cache.open('trace')).rejects.toMatchObject({
        code: 'NO_CONNECTION',
        trace_id: 'trace',
        message: expect.stringMatching(/connection\.host.*connection\.uri.*connection\.discovery_key/),
    });
});

it('opens again after a close that waits for a loader', async () => {
    const cache = create();
    await cache.open(null);
    const { called, load, finish } = heldLoader<string>();
    const asked = cache.retrieveOrLoad(null, opener.key, 50_000, load);
    await called;
    const closing = [cache.close(null), cache.close(null)];
    await cache.open(null);
    await Promise.all(closing);
    finish('value');
    expect(await asked).toBe('value');
    expect(await cache.store(null, opener.key, 1, 50_000)).toBe(1);
});

it('stays closed when close interrupts an open that waits for another close', async () => {
    for (let turns = 0; turns < 12; turns++) {
        const cache = create();
        const closing = [cache.close(null), cache.close(null)];
        const opening = codeOf(cache.open('trace'));
        for (let i = 0; i < turns; i++) await Promise.resolve();
        await Promise.all([...closing, cache.close(null)]);
        expect(await opening).toBe('NOT_OPENED');
        await expectNotOpened(cache);
    }
});

it.each<[string, Settings, unknown]>([
    ['that are in flight', {}, 1],
    ['that wait for a token', { prefix: 'closing:', clear: true }, 1],
    ['that compress a value', { compress_min: 100 }, 'x'.repeat(1000)],
    ['that wait for a token and compress', { prefix: 'closing-2:', clear: true, compress_min: 100 }, 'x'.repeat(1000)],
])('finishes earlier calls before close: calls %s', async (_, settings, value) => {
    const cache = create(settings);
    await cache.open(null);
    const keys = Array.from({ length: 100 }, (_, i) => `key${i}`);
    const stores = keys.flatMap(key => [1, value].map(one => cache.store(null, key, one, 50_000)));
    const batch = cache.storeMany(null, { batch: value }, 50_000);
    await cache.close(null);
    expect((await Promise.all(stores)).length).toBe(200);
    await batch;
    await cache.open(null);
    expect(await cache.retrieveMany(null, [...keys, 'batch'])).toEqual(
        new Map([...keys, 'batch'].map(key => [key, value])),
    );
});

it('closes within request_timeout while memcached does not answer a call for a token', async () => {
    const silent = await opener.faultProxy(server);
    const cache = await opener.cache(silent, { prefix: 'silent:', clear: true, request_timeout: 300 });
    silent.begin({ request() {}, mute: true });
    const storing = codeOf(cache.store(null, 'key', 1, 50_000));
    expect(await timed(() => cache.close(null))).toBeLessThan(3000);
    expect(await storing).toMatch(/^(TIMEOUT|NOT_OPENED)$/);
});

describe('a context', () => {
    it.each([
        ['a context', Context.fromTraceId('trace'), 'trace'],
        ['a text', 'trace', 'trace'],
        ['null', null, null],
        ['undefined', undefined, null],
        ['a context without a trace id', new Context(), null],
    ])('is accepted as %s, and errors carry its trace id', async (_, context, traceId) => {
        const cache = create();
        await expect(cache.retrieve(context, 'key')).rejects.toMatchObject({ code: 'NOT_OPENED', trace_id: traceId });
        await cache.open(context);
        expect(await cache.store(context, 'key', 'value', 50_000)).toBe('value');
        expect(await cache.retrieve(context, 'key')).toBe('value');
        expect(await cache.remove(context, 'key')).toBe('value');
        await expect(cache.retrieve(context, '')).rejects.toMatchObject({ code: 'INVALID_KEY', trace_id: traceId });
        await cache.close(context);
    });
});

describe('store, retrieve, remove', () => {
    let cache: MemcachedCache;
    beforeEach(async () => {
        cache = create();
        await cache.open(null);
    });

    it('returns the given value itself from store', async () => {
        const value = { date: new Date() };
        expect(await cache.store(null, 'key', value, 50_000)).toBe(value);
    });

    it('returns the removed value from remove, or null when the key is missing', async () => {
        for (const value of [{ a: [1] }, '', 0, false]) {
            await cache.store(null, 'key', value, 50_000);
            expect(await cache.remove(null, 'key')).toEqual(value);
            expect(await cache.remove(null, 'key')).toBeNull();
        }
        await cache.store(null, 'key', Buffer.from('bytes'), 50_000);
        expect(String(await cache.remove(null, 'key'))).toBe('bytes');
    });

    it('reads and deletes with remove in one write', async () => {
        proxy.writes.length = 0;
        await cache.remove(null, 'key');
        expect(proxy.writes.length).toBe(1);
    });

    it.each([null, undefined])('removes the entry when %s is stored', async nothing => {
        await cache.store(null, 'key', 1, 50_000);
        expect(await cache.store(null, 'key', nothing, 50_000)).toBe(nothing);
        expect(await cache.retrieve(null, 'key')).toBeNull();
    });

    it('stores without a timeout argument', async () => {
        await cache.store(null, 'key', 1);
        expect(await cache.retrieve(null, 'key')).toBe(1);
    });
});

it('shares stored values between two instances', async () => {
    const [one, other] = [await opener.cache(server), await opener.cache(server)];
    await one.store(null, 'key', { from: 'one' }, 50_000);
    expect(await other.retrieve(null, 'key')).toEqual({ from: 'one' });
    await other.store(null, 'key', 'from other', 50_000);
    expect(await one.remove(null, 'key')).toBe('from other');
    expect(await other.retrieve(null, 'key')).toBeNull();
    await one.close(null);
    await other.store(null, 'key', 1, 50_000);
    expect(await other.retrieve(null, 'key')).toBe(1);
});

it('destroys the sockets at once when an exit listener calls close', async () => {
    const { code, stdout, stderr } = await runScript(`
        const net = require('node:net');
        const sockets = [];
        const connect = net.connect;
        net.connect = (...args) => (sockets.push(connect(...args)), sockets.at(-1));
        const { MemcachedCache } = require('./src/index.ts');
        const { ConfigParams } = require('pip-services4-components-node');
        const cache = new MemcachedCache();
        cache.configure(ConfigParams.fromTuples('connection.port', ${server.port}, 'connection.host', '127.0.0.1'));
        process.on('exit', () => {
            cache.close(null);
            console.log('destroyed', ...sockets.map(socket => socket.destroyed));
        });
        cache.open(null).then(() => cache.store(null, 'key', 1)).then(() => process.exit());
    `);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'destroyed true\n', stderr: '' });
});

it('lets the process exit after its caches have closed, even without memcached', async () => {
    const { code, stdout, stderr } = await runScript(`
        const { MemcachedCache } = require('./src/index.ts');
        const { ConfigParams } = require('pip-services4-components-node');
        const open = async port => {
            const cache = new MemcachedCache();
            cache.configure(ConfigParams.fromTuples('connection.host', '127.0.0.1', 'connection.port', port, 'options.fail_soft', true));
            await cache.open('script');
            console.log(await cache.store('script', 'key', 1), await cache.retrieve('script', 'key'));
            await cache.close('script');
        };
        open(${server.port}).then(() => open(1)).then(() => console.log('closed'));
    `);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '1 1\n1 null\nclosed\n', stderr: '' });
});
