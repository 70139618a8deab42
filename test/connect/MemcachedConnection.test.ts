import { Descriptor, References } from 'pip-services4-components-node';
import { MemcachedCache } from '../../src/cache/MemcachedCache';
import { MemcachedConnection } from '../../src/connect/MemcachedConnection';
import { codeOf, configOf, openCache } from '../support/openCache';
import { RecordingLogger } from '../support/RecordingLogger';
import { MemcachedProcess } from '../support/server/MemcachedProcess';
import { RecordingProxy } from '../support/proxy/RecordingProxy';

const SHARED = new Descriptor('pip-services', 'connection', 'memcached', 'default', '1.0');

let server: MemcachedProcess;
let proxy: RecordingProxy;
let logger: RecordingLogger;
let connection: MemcachedConnection;
const caches: MemcachedCache[] = [];

beforeEach(async () => {
    server = await MemcachedProcess.start();
    proxy = await RecordingProxy.start(server);
    logger = new RecordingLogger();
    connection = connectionOf();
});

afterEach(async () => {
    await Promise.all(caches.splice(0).map(cache => cache.close(null)));
    await connection.close(null);
    await proxy.end();
    await server.end();
});

function connectionOf(more: Record<string, unknown> = {}): MemcachedConnection {
    const made = new MemcachedConnection();
    made.configure(configOf(proxy, more));
    made.setReferences(logger.references());
    return made;
}

/** A cache that references the connection. */
function cacheOf(more: Record<string, unknown> = {}, servers: Parameters<typeof configOf>[0] = []): MemcachedCache {
    const cache = new MemcachedCache();
    cache.configure(configOf(servers, more));
    cache.setReferences(logger.references(SHARED, connection));
    caches.push(cache);
    return cache;
}

describe('a connection', () => {
    it('opens and closes its client, as often as it is told', async () => {
        expect(() => connection.getClient()).toThrow(expect.objectContaining({ code: 'NOT_OPENED' }));
        await Promise.all([connection.open(null), connection.open(null)]);
        expect(connection.isOpen()).toBe(true);
        expect(await connection.getClient().set('key', 'value')).toBe(true);
        await Promise.all([connection.close(null), connection.close(null)]);
        expect(connection.isOpen()).toBe(false);
        expect(() => connection.getClient()).toThrow(expect.objectContaining({ code: 'NOT_OPENED' }));
        await proxy.until(() => proxy.openSockets === 0);
        await connection.open(null);
        expect(await connection.getClient().delete('key')).toBe(true);
    });

    it('that is closed while it opens stays closed', async () => {
        const opening = codeOf(connection.open('trace'));
        await connection.close(null);
        expect(await opening).toBe('NOT_OPENED');
        expect(connection.isOpen()).toBe(false);
        await connection.open(null);
        expect(connection.isOpen()).toBe(true);
    });

    it('fails with CONNECT_FAILED when no server answers, and may be tried again', async () => {
        await server.kill();
        await expect(connection.open('trace')).rejects.toMatchObject({
            code: 'CONNECT_FAILED',
            trace_id: 'trace',
            details: { server: `127.0.0.1:${proxy.port}` },
        });
        await server.restart();
        await connection.open(null);
    });

    it('opens when one of several servers answers', async () => {
        const dead = await MemcachedProcess.start();
        await dead.kill();
        connection.configure(configOf([dead, server]));
        await connection.open(null);
        expect(connection.isOpen()).toBe(true);
        await dead.end();
    });

    it('uses what it was configured with last', async () => {
        connection.configure(configOf(server));
        await connection.open(null);
        expect(proxy.connections).toBe(0);
    });
});

describe('a shared connection', () => {
    it('is used by every component that references it, with one socket', async () => {
        await connection.open(null);
        const [one, other] = [cacheOf({ 'options.prefix': 'one:' }), cacheOf()];
        await Promise.all([one.open(null), other.open(null)]);
        await one.store(null, 'key', 'value', 5000);
        expect(await other.retrieve(null, 'one:key')).toBe('value');
        expect(proxy.connections).toBe(1);
    });

    it('is neither opened nor closed by them', async () => {
        const cache = cacheOf();
        await expect(cache.open('trace')).rejects.toMatchObject({
            code: 'NOT_OPENED',
            trace_id: 'trace',
            message: 'the referenced memcached connection is not open: list it before the components that use it',
        });
        expect([connection.isOpen(), cache.isOpen(), proxy.connections]).toEqual([false, false, 0]);
        await connection.open(null);
        await cache.open(null);
        await cache.open(null);
        await cache.close(null);
        expect([connection.isOpen(), cache.isOpen()]).toEqual([true, false]);
        expect(await codeOf(cache.retrieve(null, 'key'))).toBe('NOT_OPENED');
        expect(await connection.getClient().set('key', 'value')).toBe(true);
    });

    it('that is closed under a cache closes the cache, until it is open again', async () => {
        await connection.open(null);
        const cache = cacheOf();
        await cache.open(null);
        await connection.close(null);
        expect(cache.isOpen()).toBe(false);
        await expect(cache.retrieve('trace', 'key')).rejects.toMatchObject({ code: 'NOT_OPENED', trace_id: 'trace' });
        expect(await codeOf(cache.open(null))).toBe('NOT_OPENED');
        await connection.open(null);
        expect(cache.isOpen()).toBe(true);
        expect(await cache.store(null, 'key', 1, 5000)).toBe(1);
    });

    it('is left alone by a cache that has a connection of its own', async () => {
        const own = await MemcachedProcess.start();
        const cache = cacheOf({}, own);
        await cache.open(null);
        await cache.store(null, 'key', 1, 5000);
        expect([connection.isOpen(), proxy.connections]).toEqual([false, 0]);
        await cache.close(null);
        await own.end();
    });

    it('of any name and group is found', async () => {
        await connection.open(null);
        const cache = new MemcachedCache();
        cache.setReferences(
            References.fromTuples(new Descriptor('mine', 'connection', 'memcached', 'x', '1.0'), connection),
        );
        await cache.open(null);
        expect(cache.isOpen()).toBe(true);
        cache.unsetReferences();
        await cache.close(null);
    });

    it('keeps its own limits, and a cache may set narrower ones', async () => {
        await connection.close(null);
        connection = connectionOf({ 'options.max_key_size': 20, 'options.max_value': 100 });
        await connection.open(null);
        const wide = cacheOf();
        const narrow = cacheOf({ 'options.max_key_size': 10, 'options.max_value': 50 });
        await Promise.all([wide.open(null), narrow.open(null)]);
        for (const [cache, key, value] of [
            [wide, 20, 100],
            [narrow, 10, 50],
        ] as const) {
            expect(await codeOf(cache.store(null, 'k'.repeat(key), 'v'.repeat(value - 2), 5000))).toMatch(/^answered/);
            expect(await codeOf(cache.store(null, 'k'.repeat(key + 1), 1, 5000))).toBe('INVALID_KEY');
            expect(await codeOf(cache.retrieve(null, 'k'.repeat(key + 1)))).toBe('INVALID_KEY');
            expect(await codeOf(cache.store(null, 'k', 'v'.repeat(value - 1), 5000))).toBe('VALUE_TOO_LARGE');
        }
    });
});

describe('options that do nothing where they stand are said once', () => {
    it('unknown ones, by a cache with its own connection', async () => {
        const cache = await openCache(
            server,
            { 'options.pool': 3, 'options.ttl': 5, 'options.pool_size': 2, 'options.max_size': 7 },
            logger.references(),
        );
        await cache.close(null);
        expect(logger.lines).toEqual(['warn unknown options are ignored: pool, ttl']);
    });

    it('unknown and misplaced ones, by a cache with a shared connection', async () => {
        await connection.open(null);
        const cache = cacheOf({
            'options.pool_size': 2,
            'options.retries': 0,
            'options.ttl': 5,
            'options.max_value': 9,
        });
        await cache.open('trace');
        await cache.open('trace');
        expect(logger.lines).toEqual([
            'warn unknown options are ignored: ttl',
            'warn options of the shared connection are ignored here: pool_size, retries',
        ]);
        expect(logger.contexts).toEqual(['trace', 'trace']);
    });

    it('unknown and misplaced ones, by a connection that is a component of its own', async () => {
        connection = connectionOf({ 'options.max_size': 2, 'options.size': 2 });
        await connection.open(null);
        expect(logger.lines).toEqual([
            'warn unknown options are ignored: size',
            'warn options of the components are ignored here: max_size',
        ]);
    });

    it('nothing is said of those that are in their place', async () => {
        connection = connectionOf({ 'options.pool_size': 2, 'options.fail_soft': true });
        await connection.open(null);
        await cacheOf({ 'options.prefix': 'p:', 'options.fail_soft': true }).open(null);
        expect(logger.lines).toEqual([]);
    });
});

describe('the log', () => {
    it('says once that a server is down, and once that it is up again', async () => {
        connection = connectionOf({ 'options.failures': 1, 'options.retry': 20 });
        await connection.open('trace');
        const caches = [cacheOf(), cacheOf()];
        await Promise.all(caches.map(cache => cache.open(null)));
        const address = `127.0.0.1:${proxy.port}`;
        for (const cycle of [1, 2]) {
            await server.kill();
            for (let i = 0; i < 5; i++) {
                await Promise.all(caches.map(cache => codeOf(cache.retrieve(null, 'key'))));
            }
            await logger.heard(/is down/, cycle);
            await server.restart();
            await logger.heard(/is up again/, cycle);
            expect(await codeOf(caches[0]!.retrieve(null, 'key'))).toBe('answered null');
        }
        const down = expect.stringMatching(`^warn memcached at ${address} is down: `);
        const up = `info memcached at ${address} is up again`;
        expect(logger.lines).toEqual([down, up, down, up]);
        expect(new Set(logger.contexts)).toEqual(new Set(['trace']));
    });

    it('that throws breaks nothing', async () => {
        const broken = () => {
            throw new Error('the log is full');
        };
        const references = References.fromTuples(
            new Descriptor('test', 'logger', 'broken', 'default', '1.0'),
            { info: broken, warn: broken },
            new Descriptor('test', 'logger', 'empty', 'default', '1.0'),
            {},
            new Descriptor('test', 'logger', 'recording', 'default', '1.0'),
            logger,
        );
        const options = {
            'options.fail_soft': true,
            'options.failures': 1,
            'options.retry': 20,
            'options.max_size': 1,
            'options.x': 1,
        };
        const cache = await openCache(proxy, options, references);
        caches.push(cache);
        await cache.store(null, 'a', 1, 5000);
        await cache.store(null, 'b', 1, 1e15);
        await server.kill();
        expect(await cache.retrieve(null, 'b')).toBeNull();
        await server.restart();
        await logger.heard(/is up again/);
        expect(await cache.store(null, 'b', 1, 5000)).toBe(1);
        expect(await cache.retrieve(null, 'b')).toBe(1);
        expect(logger.lines.length).toBe(7);
    });

    it('that answers with a rejected promise breaks nothing', async () => {
        const late = async () => Promise.reject(new Error('the log is away'));
        const name = new Descriptor('test', 'logger', 'late', 'default', '1.0');
        const references = References.fromTuples(name, { info: late, warn: late });
        const cache = await openCache(proxy, { 'options.x': 1 }, references);
        await cache.close(null);
    });

    it('is not needed', async () => {
        const cache = await openCache(proxy, { 'options.x': 1, 'options.max_size': 1 });
        await cache.store(null, 'a', 1, 5000);
        await cache.store(null, 'b', 1, 5000);
        await cache.close(null);
    });
});
