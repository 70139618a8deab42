import { inspect } from 'node:util';
import { ErrorDescriptionFactory } from 'pip-services4-commons-node';
import { codeOf } from '../support/codeOf';
import { useOpener } from '../support/Opener';
import { verbOf } from '../support/proxy/messages';
import { RecordingObserver } from '../support/RecordingObserver';
import type { Settings } from '../support/settings';
import { sleep } from '../support/sleep';
import { crowd } from './crowd';
import * as opening from './opening';

/** Covers connections other than plain TCP to an IPv4 address, each with a real memcached. */

const login = { username: 'ann', password: 'hunter2' };
const credential = { 'credential.username': 'ann', 'credential.password': 'hunter2' };

const open = useOpener();
const { logger } = open;
const expectWorking = (settings: Settings) => opening.expectWorking(open, settings);

/** All errors of the tests in this file, and the log lines of earlier tests. */
const errors: Error[] = [];
const earlier: string[] = [];
afterEach(() => void earlier.push(...logger.lines));

async function openError(settings: Settings) {
    const error = await opening.openError(open, settings);
    errors.push(error);
    return error;
}

describe('a server with a password', () => {
    it.each([
        ['by credential', { ...credential }, ''],
        ['by uri', {}, 'ann:hunter2@'],
        [
            'by uri, against a wrong credential',
            { 'credential.username': 'ann', 'credential.password': 'x' },
            'ann:hunter%32@',
        ],
    ])('accepts the login %s', async (_, more, user) => {
        const { address } = await open.server({ login });
        await expectWorking({ 'connection.uri': `memcached://${user}${address}`, ...more });
    });

    it('accepts the login again after a restart', async () => {
        const server = await open.server({ login });
        const cache = open.cacheOf([], {
            'connection.uri': `memcached://${server.address}`,
            ...credential,
            retry: 20,
            failures: 1,
        });
        await cache.open(null);
        await server.kill();
        expect(await codeOf(cache.store(null, 'key', 1, 5000))).toBe('SERVER_DOWN');
        const cycles = logger.count(/is up again/);
        await server.restart();
        await logger.heard(/is up again/, cycles + 1);
        expect(await codeOf(cache.store(null, 'key', 1, 5000))).toBe('answered 1');
    });

    it.each([
        ['a wrong password', 'ann', 'hunter3'],
        ['a wrong user', 'bob', 'hunter2'],
    ])('rejects %s with AUTH_FAILED after one attempt', async (_, username, password) => {
        const proxy = await open.recordingProxy(await open.server({ login }));
        const { host, port } = proxy;
        const config = {
            'connection.host': host,
            'connection.port': port,
            'credential.username': username,
            'credential.password': password,
        };
        expect(await openError(config)).toMatchObject({
            code: 'AUTH_FAILED',
            trace_id: 'trace',
            details: { server: `${host}:${port}` },
        });
        expect(proxy.connections).toBe(1);
    });

    it('gets only one connection for many calls after the password has changed', async () => {
        const server = await open.server({ login });
        const { port } = server;
        const proxy = await open.recordingProxy(server);
        const cache = open.cacheOf(proxy, credential);
        await cache.open(null);
        await server.end();
        await open.server({ port, login: { ...login, password: 'changed' } });
        await proxy.until(() => proxy.openSockets === 0);
        const before = proxy.connections;
        expect(await codeOf(cache.retrieve(null, 'key'))).toBe('AUTH_FAILED');
        const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => codeOf(cache.retrieve(null, `${i}`))));
        for (let i = 0; i < 50; i++) answers.push(await codeOf(cache.store(null, `${i}`, 1, 5000)));
        expect(new Set(answers)).toEqual(new Set(['AUTH_FAILED']));
        // No event shows the absence of connections.
        await sleep(200);
        expect(proxy.connections - before).toBe(1);
    });

    it('gets the login on every socket, including those of a growing pool', async () => {
        const server = await open.server({ login });
        const cache = await open.cache([], {
            'connection.uri': `memcached://${server.address}`,
            ...credential,
            request_timeout: 20_000,
        });
        const value = Buffer.alloc(500_000);
        for (let round = 0; round < 10; round++) {
            const calls = Array.from({ length: 20 }, (_, i) => cache.store(null, `${i}`, value, 60_000));
            await Promise.all(calls);
        }
        expect(server.passwords!.asked).toBeGreaterThan(1);
        expect(server.passwords!.asked).toBeLessThanOrEqual(5);
    });

    it('is probed at a limited rate while it rejects the login, and recovers when it accepts the login again', async () => {
        const server = await open.server({ login });
        const passwords = server.passwords!;
        const cache = await open.cache([], {
            'connection.uri': `memcached://${server.address}`,
            ...credential,
            retry: 100,
        });
        const isUp = new RegExp(`^info memcached at ${server.address} is up again`);
        const isDown = new RegExp(`^warn memcached at ${server.address} is down`);
        passwords.login = { ...login, password: 'changed' };
        await server.restart();
        const before = passwords.asked;
        const begun = performance.now();
        const answers = new Set<string>();
        while (performance.now() - begun < 500) {
            answers.add(await codeOf(cache.retrieve(null, 'key')));
            await sleep(1);
        }
        answers.delete('CONNECTION_LOST');
        expect(answers).toEqual(new Set(['AUTH_FAILED']));
        // The client probes every 75 to 100 ms.
        expect(passwords.asked - before).toBeLessThan(3 + (performance.now() - begun) / 75);
        // The rejected login is a reply too, but it must not mark the server as up.
        expect([logger.count(isDown), logger.count(isUp)]).toEqual([1, 0]);
        passwords.login = login;
        await logger.heard(isUp);
        expect(await codeOf(cache.store(null, 'key', 1, 5000))).toBe('answered 1');
    });

    it('gets only one further login from a growing pool while older sockets work', async () => {
        const server = await open.server({ login });
        const passwords = server.passwords!;
        const { host, port } = server;
        const observer = new RecordingObserver();
        const client = await open.client({ host, port, login }, { observer, requestTimeoutMs: 20_000 });
        passwords.login = { ...login, password: 'changed' };
        await crowd(client);
        expect(observer.heard).toEqual([]);
        expect(passwords.asked).toBe(2);
    });

    it('is down after a few faults when it answers only logins', async () => {
        const proxy = await open.faultProxy(await open.server({ login }));
        const client = await open.client({ port: proxy.port, login }, { requestTimeoutMs: 20_000 });
        const isLogin = (chunk: Buffer): boolean => verbOf(chunk) === 'login';
        proxy.begin({ request: (link, chunk) => (isLogin(chunk) ? link.toServer(chunk) : link.reset()) });
        expect(await codeOf(client.get('key'))).toBe('CONNECTION_LOST');
        expect(await codeOf(client.get('key'))).toBe('SERVER_DOWN');
    });

    it('reports AUTH_FAILED when the client has no login', async () => {
        const { host, port } = await open.server({ login });
        const cache = open.cacheOf({ host, port }, { fail_soft: true });
        await expect(cache.open('trace')).rejects.toMatchObject({
            code: 'AUTH_FAILED',
            trace_id: 'trace',
            details: { server: `${host}:${port}` },
        });
    });
});

it('reports AUTH_FAILED when a server without passwords gets a login', async () => {
    const { host, port } = await open.server();
    const config = { 'connection.host': host, 'connection.port': port, ...credential };
    expect((await openError(config)).code).toBe('AUTH_FAILED');
});

it('connects to a Unix socket with and without a password', async () => {
    const bare = await open.server({ unixSocket: true });
    await expectWorking({ 'connection.uri': `unix://${bare.socketPath}` });
    const locked = await open.server({ unixSocket: true, login });
    await expectWorking({ 'connection.uri': `unix://${locked.socketPath}`, ...credential });
    const wrong = { 'credential.username': 'ann', 'credential.password': 'hunter3' };
    expect((await openError({ 'connection.uri': `unix://${locked.socketPath}`, ...wrong })).code).toBe('AUTH_FAILED');
    expect(await openError({ 'connection.uri': 'unix:///no/such.sock', ...credential })).toMatchObject({
        code: 'CONNECT_FAILED',
        message: expect.stringMatching(/unix:\/\/\/no\/such\.sock.*ENOENT/),
    });
});

it('connects to IPv6 by host and by uri', async () => {
    const { port } = await open.server({ host: '::1' });
    await expectWorking({ 'connection.host': '::1', 'connection.port': port });
    await expectWorking({ 'connection.uri': `memcached://[::1]:${port}` });
});

it('connects to a host name', async () => {
    const { port } = await open.server({ host: '127.0.0.1' });
    await expectWorking({ 'connection.host': 'localhost', 'connection.port': port });
    const error = await openError({ 'connection.host': 'no-such-host.invalid', failures: 1 });
    expect(error.code).toBe('CONNECT_FAILED');
});

it('warns at each open when a password travels unencrypted to another host', async () => {
    const warning = /^warn sending the password unencrypted to no-such-host\.invalid:11211 \(use memcacheds:/;
    const config = { 'connection.host': 'no-such-host.invalid', ...credential, failures: 1 };
    const before = logger.count(warning);
    await openError(config);
    await openError(config);
    expect(logger.count(warning)).toBe(before + 2);
    expect([...earlier, ...logger.lines].join('\n')).not.toMatch(/unencrypted to (localhost|127|\[::1|unix)/);
});

/** Returns all representations of an error. */
function everythingOf(error: unknown): string {
    const { message, stack, cause, details } = error as Error & { cause?: unknown; details?: unknown };
    const inspected = [error, cause, details].map(one => inspect(one, { depth: 10, showHidden: true, getters: true }));
    const json = [error, cause, details].map(one => JSON.stringify(one) ?? '');
    const described = ErrorDescriptionFactory.create(error);
    return [String(error), message, stack, ...inspected, ...json, JSON.stringify(described)].join('\n');
}

it('includes no password in any error or log line', async () => {
    const { address } = await open.server({ login });
    const uris = [
        `memcached://ann:hunter3@${address}`,
        `memcached://ann:%68unter3@${address}`,
        'memcached://ann:hunter2@127.0.0.1:1',
        'memcached://ann:hunter2@127.0.0.1:x',
        'memcached://ann:hunter2%@127.0.0.1',
        'memcached://ann:hunter2%zz@127.0.0.1',
        'memcached://ann:%68unter%E9@127.0.0.1',
        'memcached://ann%3Ahunter2@127.0.0.1',
        'memcached://ann:hunter2@',
        'memcached://ann:hunter2@a b',
        'memcached://ann:hunter2',
        'memcached://ann:hunter2/127.0.0.1',
        'memcached:/ann:hunter2@127.0.0.1',
        'memcacheds://ann:hunter2@127.0.0.1:1',
        'unix://ann:hunter2@/run/memcached.sock',
        'http://ann:hunter2@127.0.0.1',
        'ann:hunter2@127.0.0.1',
    ];
    const others = [
        { 'connection.host': 'a', 'connection.port': 'x', ...credential },
        { 'connection.host': 'ann:hunter2@127.0.0.1' },
        { 'connection.host': 'memcached://ann:hunter2@127.0.0.1' },
        { 'connection.discovery_key': 'nobody', ...credential },
        { 'connection.host': '127.0.0.1', 'connection.port': 1, ...credential },
        { 'connection.host': 'no-such-host.invalid', ...credential },
        { 'connection.host': '127.0.0.1', 'credential.password': 'hunter2', 'credential.ssl_verify': 'hunter2' },
    ];
    const configs = [...uris.map(uri => ({ 'connection.uri': uri })), ...others];
    for (const config of configs) {
        const { code } = await openError({ ...config, failures: 1 });
        expect(code).toMatch(/^[A-Z_]+$/);
    }
    expect(errors.length).toBeGreaterThan(configs.length + 5);
    for (const error of errors) expect(everythingOf(error)).not.toMatch(/hunter|%68unter/);
    const lines = [...earlier, ...logger.lines];
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join('\n')).not.toMatch(/hunter|%68unter/);
});
