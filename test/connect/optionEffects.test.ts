import { Descriptor } from 'pip-services4-components-node';
import { ConnectionParams } from 'pip-services4-config-node';
import type { MemcachedCache } from 'pip-services4-memcached-node';
import { OPTIONS } from '../../src/connect/MemcachedOptions';
import { codeOf } from '../support/codeOf';
import { timed } from '../support/LagMeter';
import { useOpener, useServer } from '../support/Opener';
import type { RecordingProxy } from '../support/proxy/RecordingProxy';
import { flush, readItem } from '../support/server/textProtocol';
import type { Servers, Settings } from '../support/settings';
import { sleep } from '../support/sleep';

const opener = useOpener();
const { logger } = opener;
const server = useServer();
/** A proxy that records the connections and writes to the server. */
let proxy: RecordingProxy;

beforeEach(async () => {
    await flush(server);
    proxy = await opener.recordingProxy(server);
});

const open = (options: Settings, at: Servers = proxy) => opener.cache(at, options);

const placeAt = (port: number) => ConnectionParams.fromTuples('host', '127.0.0.1', 'port', port);

const large = Buffer.alloc(300_000);
const storeLarge = (cache: MemcachedCache) =>
    Promise.all(Array.from({ length: 20 }, (_, i) => cache.store(null, `large${i}`, large, 5000)));

/**
 * Returns the number of connections to a server that ends each connection, while a cache keeps
 * calling it.
 */
async function attempts(options: Settings, isEnough: (attempts: number, ms: number) => boolean): Promise<number> {
    const cutting = await opener.recordingProxy(server);
    const cache = await open({ ...options, request_timeout: 500 }, cutting);
    const before = cutting.connections;
    cutting.cutting = Infinity;
    const begun = performance.now();
    while (!isEnough(cutting.connections - before, performance.now() - begun)) {
        await codeOf(cache.retrieve(null, 'key'));
        await sleep(5);
    }
    return cutting.connections - before;
}

/**
 * Returns the time of 12 attempts in ms. With the default pauses the attempts take more than 20
 * seconds.
 */
const msOfTwelve = (options: Settings) => timed(() => attempts(options, count => count >= 12));

/** The visible effect of each option, with a value other than the default. */
const effects: Record<string, () => Promise<void>> = {
    async max_size() {
        const cache = await open({ max_size: 1 });
        await cache.store(null, 'a', 1, 5000);
        await cache.store(null, 'b', 1, 5000);
        expect(await readItem(server, 'a')).toBeNull();
    },

    async max_key_size() {
        const cache = await open({ max_key_size: 10, prefix: 'é:' });
        expect(await cache.store(null, '1234567', 1, 5000)).toBe(1);
        await expect(cache.store(null, '12345678', 1, 5000)).rejects.toThrow(
            'invalid key: 11 bytes, expected at most 10',
        );
        expect(await codeOf(cache.retrieve(null, '12345678'))).toBe('INVALID_KEY');
        expect(await codeOf(cache.remove(null, '12345678'))).toBe('INVALID_KEY');
    },

    async max_expiration() {
        const cache = await open({ max_expiration: 5000 });
        await cache.store(null, 'key', 1, 60_000);
        expect((await readItem(server, 'key'))!.ttl).toBeLessThanOrEqual(5);
    },

    async max_value() {
        const cache = await open({ max_value: 10 });
        expect(await cache.store(null, 'key', '12345678', 5000)).toBe('12345678');
        await expect(cache.store(null, 'key', '123456789', 5000)).rejects.toThrow(
            'value too large: 11 bytes, expected at most 10',
        );
    },

    async clear() {
        const plain = await open({ prefix: 'p:' });
        expect(await codeOf(plain.clear(null))).toBe('NO_PREFIX');
        const cache = await open({ prefix: 'p:', clear: true });
        await cache.store(null, 'key', 1, 5000);
        expect(await readItem(server, 'p:key')).toBeNull();
        await cache.clear(null);
        expect(await cache.retrieve(null, 'key')).toBeNull();
    },

    async compress_min() {
        const cache = await open({ compress_min: 1000 });
        await cache.store(null, 'large', 'x'.repeat(1000), 5000);
        await cache.store(null, 'small', 'x'.repeat(900), 5000);
        expect((await readItem(server, 'large'))!.value.length).toBeLessThan(100);
        expect((await readItem(server, 'small'))!.value.length).toBe(902);
        expect(await cache.retrieve(null, 'large')).toBe('x'.repeat(1000));
    },

    async update_timeout() {
        const cache = await open({ update_timeout: 200 });
        let changes = 0;
        const meddle = async (n: unknown) => {
            await cache.store(null, 'key', ++changes, 5000);
            return n ?? 1;
        };
        const ms = await timed(async () => {
            expect(await codeOf(cache.update(null, 'key', meddle))).toBe('UPDATE_CONFLICT');
        });
        expect(ms).toBeLessThan(2000);
    },

    async pool_size() {
        const cache = await open({ pool_size: 2 });
        for (let i = 0; i < 5 || proxy.connections < 2; i++) await storeLarge(cache);
        expect(proxy.mostAtOnce).toBe(2);
        const single = await opener.recordingProxy(server);
        const other = await open({ pool_size: 1 }, single);
        for (let i = 0; i < 5; i++) await storeLarge(other);
        expect(single.connections).toBe(1);
    },

    async max_pending() {
        const storeTwo = (cache: MemcachedCache) =>
            Promise.all(['a', 'b'].map(key => codeOf(cache.store(null, key, 1, 5000))));
        const cache = await open({ max_pending: 1 });
        expect((await storeTwo(cache)).sort()).toEqual(['OVERLOADED', 'answered 1']);
        const soft = await open({ max_pending: 1, fail_soft: true });
        expect(await storeTwo(soft)).toEqual(['answered 1', 'answered 1']);
        expect(await storeTwo(await open({ max_pending: 0 }))).toEqual(['answered 1', 'answered 1']);
    },

    async reconnect() {
        expect(await msOfTwelve({ reconnect: 10, failures: 1000, retries: 100 })).toBeLessThan(2000);
    },

    async retries() {
        const once = await open({ retries: 1, request_timeout: 5000 });
        await once.store(null, 'key', 1, 5000);
        proxy.cutting = 1;
        expect(await once.retrieve(null, 'key')).toBe(1);
        proxy.cutting = 2;
        expect(await codeOf(once.retrieve(null, 'key'))).toBe('CONNECTION_LOST');
        const never = await open({ retries: 0 });
        proxy.cutting = 1;
        expect(await codeOf(never.retrieve(null, 'key'))).toBe('CONNECTION_LOST');
        const thrice = await open({ request_timeout: 5000 });
        proxy.cutting = 3;
        expect(await thrice.retrieve(null, 'key')).toBe(1);
    },

    async timeout() {
        const cache = await open({ timeout: 7000 });
        await cache.store(null, 'key', 1);
        const { ttl } = (await readItem(server, 'key'))!;
        expect([6, 7]).toContain(ttl);
    },

    async request_timeout() {
        const cache = await open({ request_timeout: 80 });
        await opener.stop(server);
        const ms = await timed(() =>
            expect(cache.retrieve(null, 'key')).rejects.toThrow(/did not answer within 80 ms/),
        );
        // The default timeout is a second.
        expect(ms).toBeLessThan(800);
    },

    async connect_timeout() {
        const silent = await opener.recordingProxy();
        const login = { 'credential.username': 'ann', 'credential.password': 'secret' };
        const opening = open({ connect_timeout: 60, request_timeout: 10_000, failures: 1, ...login }, silent);
        await expect(opening).rejects.toMatchObject({
            code: 'CONNECT_FAILED',
            message: expect.stringContaining('no reply to the login within 60 ms'),
        });
    },

    async failures() {
        for (const failures of [1, 3]) {
            const cache = await open({ failures, retries: 100, request_timeout: 5000 });
            const connections = proxy.connections;
            proxy.cutting = Infinity;
            expect(await codeOf(cache.retrieve(null, 'key'))).toBe('SERVER_DOWN');
            // The first fault belongs to the earlier connection.
            expect(proxy.connections - connections).toBe(failures - 1);
            await cache.close(null);
            proxy.cutting = 0;
        }
    },

    async retry() {
        // The server is down after the first fault.
        expect(await msOfTwelve({ retry: 10, failures: 1 })).toBeLessThan(2000);
    },

    async remove() {
        const servers = await Promise.all([1, 2, 3].map(() => opener.server()));
        const cache = await open({ remove: true, failures: 1, retry: 20, retries: 0 }, servers);
        const keys = Array.from({ length: 30 }, (_, i) => `key${i}`);
        const storeAll = () => Promise.all(keys.map(key => cache.store(null, key, key, 60_000)));
        const placesOf = () =>
            Promise.all(
                keys.map(async key => {
                    const items = await Promise.all(servers.map(one => readItem(one, key).catch(() => null)));
                    return items.flatMap((item, i) => (item === null ? [] : [i]));
                }),
            );
        await storeAll();
        const before = await placesOf();
        expect(new Set(before.flat())).toEqual(new Set([0, 1, 2]));

        await servers[0]!.kill();
        await codeOf(storeAll());
        await logger.heard(/is down/);
        await storeAll();
        const during = await placesOf();
        for (const [i, places] of during.entries()) {
            expect(places).toHaveLength(1);
            // Only the keys of the unavailable server have moved.
            if (before[i]![0] === 0) expect(places).not.toContain(0);
            else expect(places).toEqual(before[i]);
        }
        expect(await Promise.all(keys.map(key => cache.retrieve(null, key)))).toEqual(keys);

        await servers[0]!.restart();
        await logger.heard(/is up again/);
        await storeAll();
        const after = await placesOf();
        expect(after.map(places => places.includes(0))).toEqual(before.map(places => places.includes(0)));
    },

    async remove_ttl() {
        const home = await opener.server();
        const standIn = await opener.server();
        const cache = await open({ remove: true, remove_ttl: 20_000, failures: 1, retry: 20, retries: 0 }, [
            home,
            standIn,
        ]);
        const keys = Array.from({ length: 30 }, (_, i) => `key${i}`);
        await home.kill();
        const storeAll = () => Promise.all(keys.map(key => cache.store(null, key, 1, 60_000)));
        await codeOf(storeAll());
        await logger.heard(/is down/);
        await storeAll();
        const ttls = await Promise.all(keys.map(async key => (await readItem(standIn, key))!.ttl));
        expect(new Set(ttls.map(ttl => ttl > 20))).toEqual(new Set([true, false]));
    },

    async discovery_interval() {
        const discovery = { port: proxy.port, resolveAll: () => Promise.resolve([placeAt(discovery.port)]) };
        const descriptor = new Descriptor('test', 'discovery', 'changing', 'default', '1.0');
        const settings = { 'connection.discovery_key': 'any', discovery_interval: 20 };
        const cache = await opener.cache([], settings, logger.references(descriptor, discovery));
        discovery.port = server.port;
        await logger.heard(/the servers changed/);
        await cache.store(null, 'key', 1, 5000);
        await proxy.until(() => proxy.openSockets === 0);
        expect((await readItem(server, 'key'))!.value).toBe('1');
    },

    async idle() {
        const cache = await open({ idle: 200 });
        await cache.store(null, 'key', 1, 5000);
        await proxy.until(() => proxy.openSockets === 0);
        expect(await cache.retrieve(null, 'key')).toBe(1);
        expect(proxy.connections).toBe(2);
        expect(logger.lines).toEqual([]);
    },

    async fail_soft() {
        const cache = await open({ fail_soft: true, failures: 1 });
        await cache.store(null, 'key', 1, 5000);
        proxy.cutting = Infinity;
        expect(await cache.retrieve(null, 'key')).toBeNull();
    },

    async protocol() {
        const cache = await open({ protocol: 'meta' });
        await cache.store(null, 'key', 1, 5000);
        expect(proxy.writes[0]!.toString('latin1')).toMatch(/^version/);
        expect(await cache.retrieve(null, 'key')).toBe(1);
    },

    async prefix() {
        const cache = await open({ prefix: 'mine:' });
        await cache.store(null, 'key', 1, 5000);
        expect((await readItem(server, 'mine:key'))!.value).toBe('1');
        expect(await readItem(server, 'key')).toBeNull();
    },
};

it.each(Object.entries(effects))('applies %s', (_, effect) => effect());

it('rejects calls for the keys of a server that is down without `remove`', async () => {
    const servers = await Promise.all([1, 2, 3].map(() => opener.server()));
    const cache = await open({ failures: 1 }, servers);
    await servers[0]!.kill();
    const stores = Array.from({ length: 30 }, (_, i) => codeOf(cache.store(null, `key${i}`, 1, 5000)));
    expect(new Set(await Promise.all(stores))).toEqual(new Set(['SERVER_DOWN', 'answered 1']));
});

it('attempts few connections with the defaults of reconnect and retry', async () => {
    // The expected pauses are 0, 50, 100, 200 ms, and so on.
    const within = (options: Settings) => attempts(options, (_, ms) => ms >= 300);
    const counts = await Promise.all([within({ failures: 1000, retries: 100 }), within({ failures: 1 })]);
    for (const count of counts) expect(count).toBeLessThan(8);
});

it('closes no idle socket when idle is 0', async () => {
    const cache = await open({ idle: 0, max_size: 0 });
    await cache.store(null, 'key', 1, 5000);
    await sleep(100);
    expect(proxy.openSockets).toBe(1);
});

it('covers every option', () => {
    const ofTheLock = ['allow_proxy', 'retry_timeout'];
    expect([...Object.keys(effects), ...ofTheLock].sort()).toEqual(
        Object.values(OPTIONS)
            .map(({ key }) => key)
            .sort(),
    );
});
