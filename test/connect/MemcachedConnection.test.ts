import { Descriptor, References } from 'pip-services4-components-node';
import { MemcachedCache, type MemcachedConnection } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import type { RecordingProxy } from '../support/proxy/RecordingProxy';
import { flush } from '../support/server/textProtocol';
import { configOf, type Servers, type Settings } from '../support/settings';

const SHARED = new Descriptor('pip-services', 'connection', 'memcached', 'default', '1.0');

const open = useOpener();
const { logger } = open;
const server = useServer();
let proxy: RecordingProxy;
let connection: MemcachedConnection;

beforeEach(async () => {
    await flush(server);
    proxy = await open.recordingProxy(server);
    connection = connectionOf();
});

const connectionOf = (settings?: Settings): MemcachedConnection => open.connectionOf(proxy, settings);

/** Returns a cache that references the connection. */
const cacheOf = (settings?: Settings, servers: Servers = []): MemcachedCache =>
    open.cacheOf(servers, settings, logger.references(SHARED, connection));

describe('MemcachedConnection', () => {
    it('opens and closes its client, and accepts repeated calls', async () => {
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

    it('stays closed when it is closed during open', async () => {
        const opening = connection.open('trace').catch((error: unknown) => error);
        await connection.close(null);
        expect(await opening).toMatchObject({ code: 'NOT_OPENED', trace_id: 'trace' });
        expect(connection.isOpen()).toBe(false);
        await connection.open(null);
        expect(connection.isOpen()).toBe(true);
    });

    it('rejects with CONNECT_FAILED when no server answers, and allows a retry', async () => {
        await open.kill(server);
        await expect(connection.open('trace')).rejects.toMatchObject({
            code: 'CONNECT_FAILED',
            trace_id: 'trace',
            details: { server: `127.0.0.1:${proxy.port}` },
        });
        await server.restart();
        await connection.open(null);
    });

    it('opens when one of several servers answers', async () => {
        const dead = await open.server();
        await dead.kill();
        connection.configure(configOf([dead, server]));
        await connection.open(null);
        expect(connection.isOpen()).toBe(true);
    });

    it('uses the last configuration', async () => {
        connection.configure(configOf(server));
        await connection.open(null);
        expect(proxy.connections).toBe(0);
    });
});

describe('a shared connection', () => {
    it('serves every component that references it with one socket', async () => {
        await connection.open(null);
        const [one, other] = [cacheOf({ prefix: 'one:' }), cacheOf()];
        await Promise.all([one.open(null), other.open(null)]);
        await one.store(null, 'key', 'value', 5000);
        expect(await other.retrieve(null, 'one:key')).toBe('value');
        expect(proxy.connections).toBe(1);
    });

    it('is neither opened nor closed by its components', async () => {
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

    it('closes and reopens its caches together with itself', async () => {
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

    it('is not used by a cache with its own connection', async () => {
        const own = await open.server();
        const cache = cacheOf({}, own);
        await cache.open(null);
        await cache.store(null, 'key', 1, 5000);
        expect([connection.isOpen(), proxy.connections]).toEqual([false, 0]);
    });

    it('is found under any name and group', async () => {
        await connection.open(null);
        const named = new Descriptor('mine', 'connection', 'memcached', 'x', '1.0');
        const cache = await open.cache([], {}, References.fromTuples(named, connection));
        expect(cache.isOpen()).toBe(true);
        cache.unsetReferences();
    });

    it('keeps its own limits, and lets a cache set narrower limits', async () => {
        connection = connectionOf({ max_key_size: 20, max_value: 100 });
        await connection.open(null);
        const wide = cacheOf();
        const narrow = cacheOf({ max_key_size: 10, max_value: 50 });
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

describe('the log of ignored options', () => {
    it('lists unknown options of a cache with its own connection', async () => {
        await open.cache(server, { pool: 3, ttl: 5, pool_size: 2, max_size: 7 });
        expect(logger.lines).toEqual(['warn ignoring unknown configuration keys: options.pool, options.ttl']);
    });

    it('lists unknown and misplaced options of a cache with a shared connection', async () => {
        await connection.open(null);
        const cache = cacheOf({
            pool_size: 2,
            retries: 0,
            ttl: 5,
            max_value: 9,
        });
        await cache.open('trace');
        await cache.open('trace');
        expect(logger.lines).toEqual([
            'warn ignoring unknown configuration keys: options.ttl',
            'warn ignoring keys of a connection in a component that shares one: options.pool_size, options.retries',
        ]);
        expect(logger.contexts).toEqual(['trace', 'trace']);
    });

    it('lists unknown and misplaced options of a shared connection', async () => {
        connection = connectionOf({ max_size: 2, size: 2 });
        await connection.open(null);
        expect(logger.lines).toEqual([
            'warn ignoring unknown configuration keys: options.size',
            'warn ignoring keys of a component in a shared connection: options.max_size',
        ]);
    });

    it('lists no option in its right place', async () => {
        connection = connectionOf({ pool_size: 2, fail_soft: true });
        await connection.open(null);
        await cacheOf({ prefix: 'p:', fail_soft: true }).open(null);
        expect(logger.lines).toEqual([]);
    });
});

describe('the log', () => {
    it('reports an outage and a recovery of a server once each', async () => {
        connection = connectionOf({ failures: 1, retry: 20 });
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

    it('affects no call when it throws', async () => {
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
            fail_soft: true,
            failures: 1,
            retry: 20,
            max_size: 1,
            x: 1,
        };
        const cache = await open.cache(proxy, options, references);
        await cache.store(null, 'a', 1, 5000);
        await cache.store(null, 'b', 1, 1e15);
        await server.kill();
        expect(await cache.retrieve(null, 'b')).toBeNull();
        await server.restart();
        await logger.heard(/is up again/);
        expect(await cache.store(null, 'b', 1, 5000)).toBe(1);
        expect(await cache.retrieve(null, 'b')).toBe(1);
        expect(logger.lines.length).toBe(6);
    });

    it('affects no call when it returns a rejected promise', async () => {
        const late = async () => Promise.reject(new Error('the log is away'));
        const name = new Descriptor('test', 'logger', 'late', 'default', '1.0');
        const references = References.fromTuples(name, { info: late, warn: late });
        await open.cache(proxy, { x: 1 }, references);
    });

    it('is optional', async () => {
        const cache = new MemcachedCache();
        cache.configure(configOf(proxy, { x: 1, max_size: 1 }));
        await cache.open(null);
        await cache.store(null, 'a', 1, 5000);
        await cache.store(null, 'b', 1, 5000);
        await cache.close(null);
    });
});
