import type { MemcachedCache } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { useOpener } from '../support/Opener';
import type { MemcachedProcess } from '../support/server/MemcachedProcess';
import type { Settings } from '../support/settings';

const SOFT = { fail_soft: true, retry: 30, request_timeout: 1000 };
const SOFTENED = /memcached is unavailable, continuing without the cache/;
const DOWN = /^warn memcached at .* is down/;
const BACK = /is up again/;

const opener = useOpener();
const { logger } = opener;
let server: MemcachedProcess;

beforeEach(async () => {
    server = await opener.server();
});

const open = (settings: Settings = {}) => opener.cache(server, { ...SOFT, ...settings });

/** Waits until memcached is up again, and stores a value. */
async function untilStored(cache: MemcachedCache, key: string): Promise<void> {
    await logger.heard(BACK);
    await cache.store(null, key, 'new', 50_000);
    expect(await cache.retrieve(null, key)).toBe('new');
}

it('rejects invalid arguments with options.clear, also while the token of a server is unknown', async () => {
    await server.kill();
    const cache = await open({ prefix: 'soft:', clear: true });
    let loads = 0;
    expect(await codeOf(cache.retrieve(null, 'b d'))).toBe('INVALID_KEY');
    expect(await codeOf(cache.retrieveOrLoad(null, 'b d', 1000, () => ++loads))).toBe('INVALID_KEY');
    expect(await codeOf(cache.touch(null, 'key', NaN))).toBe('INVALID_TTL');
    expect(await codeOf(cache.retrieveAndTouch(null, 'key', NaN))).toBe('INVALID_TTL');
    expect(loads).toBe(0);
});

it('misses every key while memcached is unavailable, and logs the outage and the recovery once', async () => {
    const cache = await open();
    await cache.store(null, 'key', 'value', 50_000);
    await server.kill();
    for (let i = 0; i < 3; i++) {
        expect(await cache.retrieve('trace', 'key')).toBeNull();
        expect(await cache.store('trace', 'key', { a: 1 }, 50_000)).toEqual({ a: 1 });
        expect(await cache.store('trace', 'key', null, 50_000)).toBeNull();
        expect(await cache.remove('trace', 'key')).toBeNull();
    }
    expect(logger.count(SOFTENED)).toBe(1);
    expect(logger.count(BACK)).toBe(0);

    await server.restart();
    await untilStored(cache, 'key');
    expect([SOFTENED, DOWN, BACK].map(line => logger.count(line))).toEqual([1, 1, 1]);
});

it('treats a silent server as unavailable', async () => {
    const cache = await open({ request_timeout: 300 });
    await server.stop();
    expect(await cache.retrieve(null, 'key')).toBeNull();
    expect(await cache.store(null, 'key', 1, 50_000)).toBe(1);
    expect(logger.count(SOFTENED)).toBe(1);
    expect(logger.lines.join('\n')).toMatch(/did not answer within 300 ms/);
    server.continue();
});

it('opens while memcached is unavailable, and works once it is up', async () => {
    await server.kill();
    const cache = await open();
    expect(cache.isOpen()).toBe(true);
    expect(await cache.retrieve(null, 'key')).toBeNull();
    await server.restart();
    await untilStored(cache, 'key');
    expect([logger.count(SOFTENED), logger.count(BACK)]).toEqual([1, 1]);
});

it('rejects open and calls without fail_soft', async () => {
    const { host, port } = server;
    const cache = await open({ fail_soft: false, failures: 1 });
    await server.kill();
    await expect(cache.retrieve('trace', 'key')).rejects.toMatchObject({
        code: 'SERVER_DOWN',
        trace_id: 'trace',
        details: { server: `${host}:${port}` },
    });
    expect(await codeOf(cache.store(null, 'key', 1, 50_000))).toBe('SERVER_DOWN');
    expect(await codeOf(cache.remove(null, 'key'))).toBe('SERVER_DOWN');
    await cache.close(null);
    await expect(cache.open('trace')).rejects.toMatchObject({ code: 'CONNECT_FAILED', trace_id: 'trace' });
    expect(cache.isOpen()).toBe(false);
    expect(await codeOf(cache.retrieve(null, 'key'))).toBe('NOT_OPENED');
});

it('rejects invalid input, even while memcached is unavailable', async () => {
    const cache = await open();
    for (const away of [false, true]) {
        if (away) await server.kill();
        expect(await codeOf(cache.retrieve(null, 'b d'))).toBe('INVALID_KEY');
        expect(await codeOf(cache.store(null, 'key', 5n, 50_000))).toBe('NOT_SERIALIZABLE');
        expect(await codeOf(cache.store(null, 'key', 'x'.repeat(2 ** 20), 50_000))).toBe('VALUE_TOO_LARGE');
        expect(await codeOf(cache.store(null, 'key', 1, 'x' as never))).toBe('INVALID_TTL');
    }
    await cache.close(null);
    expect(await codeOf(cache.retrieve(null, 'key'))).toBe('NOT_OPENED');
});

it('rejects when memcached rejects the value', async () => {
    const cache = await open({ max_value: 2 ** 21 });
    expect(await codeOf(cache.store(null, 'key', 'x'.repeat(2 ** 20), 50_000))).toBe('VALUE_TOO_LARGE');
    expect(logger.lines).toEqual([]);
});

it('rejects open with a wrong password', async () => {
    const locked = await opener.server({ login: { username: 'ann', password: 'secret' } });
    const credential = { 'credential.username': 'ann', 'credential.password': 'guess' };
    const cache = opener.cacheOf(locked, { ...SOFT, ...credential });
    await expect(cache.open('trace')).rejects.toMatchObject({ code: 'AUTH_FAILED', trace_id: 'trace' });
    expect(cache.isOpen()).toBe(false);
});

it('rejects calls with AUTH_FAILED when the server rejects the password after open', async () => {
    const { port } = server;
    const login = { username: 'ann', password: 'secret' };
    await server.kill();
    const cache = await open({ 'credential.username': 'ann', 'credential.password': 'guess' });
    expect(await cache.retrieve(null, 'key')).toBeNull();
    await opener.server({ port, login });
    while ((await codeOf(cache.retrieve(null, 'key'))) !== 'AUTH_FAILED') await new Promise(setImmediate);
    expect(await codeOf(cache.store(null, 'key', 1, 50_000))).toBe('AUTH_FAILED');
    expect(await codeOf(cache.retrieveOrLoad(null, 'key', 1000, () => 1))).toBe('AUTH_FAILED');
});

it('logs the outage of one of several servers once, and its recovery once', async () => {
    const others = await Promise.all([opener.server(), opener.server()]);
    const cache = await opener.cache([server, ...others], SOFT);
    const askAll = () => Promise.all(Array.from({ length: 200 }, (_, i) => cache.retrieve(null, `key-${i}`)));
    await server.kill();
    for (let i = 0; i < 5; i++) await askAll();
    expect(cache.getStats().fallbacks).toBeGreaterThan(100);
    expect([...logger.lines].sort()).toEqual([
        `warn memcached at ${server.address} is down: connect ECONNREFUSED ${server.address}`,
        expect.stringMatching(/^warn memcached is unavailable, continuing without the cache: .*memcached at/),
    ]);
    await server.restart();
    await logger.heard(BACK);
    await askAll();
    expect(logger.lines.slice(2)).toEqual([`info memcached at ${server.address} is up again`]);
});
