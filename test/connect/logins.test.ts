import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { ConfigParams } from 'pip-services4-components-node';
import { MemcachedCache } from '../../src/cache/MemcachedCache';
import { codeOf } from '../fixtures/openCache';
import { RecordingLogger } from '../fixtures/RecordingLogger';
import { createCertificate } from '../server/certificate';
import { MemcachedProcess, type MemcachedProcessOptions } from '../server/MemcachedProcess';
import { RecordingProxy } from '../server/RecordingProxy';

/** Ways to a server other than a bare TCP connection to an IPv4 address: each with a real memcached behind it. */

const login = { username: 'ann', password: 'hunter2' };
const credential = { 'credential.username': 'ann', 'credential.password': 'hunter2' };

const logger = new RecordingLogger();
const errors: unknown[] = [];
const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
});

async function start(options: MemcachedProcessOptions): Promise<MemcachedProcess> {
    const server = await MemcachedProcess.start(options);
    ends.push(() => server.end());
    return server;
}

async function proxyOf(server: MemcachedProcess): Promise<RecordingProxy> {
    const proxy = await RecordingProxy.start(server);
    ends.push(() => proxy.end());
    return proxy;
}

function cacheOf(config: Record<string, unknown>): MemcachedCache {
    const cache = new MemcachedCache();
    cache.configure(ConfigParams.fromTuples(...Object.entries(config).flat()));
    cache.setReferences(logger.references());
    ends.push(() => cache.close(null));
    return cache;
}

async function expectWorking(config: Record<string, unknown>): Promise<void> {
    const cache = cacheOf(config);
    await cache.open(null);
    await cache.store(null, 'key', { a: 1 }, 5000);
    expect(await cache.retrieve(null, 'key')).toEqual({ a: 1 });
}

/** The error of open, kept for the search for passwords. */
async function openError(config: Record<string, unknown>): Promise<{ code: string; message: string }> {
    const error: unknown = await cacheOf(config)
        .open('trace')
        .catch((error: unknown) => error);
    errors.push(error);
    return error as { code: string; message: string };
}

describe('a server that asks for a password', () => {
    it.each([
        ['by credential', { ...credential }, ''],
        ['by uri', {}, 'ann:hunter2@'],
        [
            'by uri, against a wrong credential',
            { 'credential.username': 'ann', 'credential.password': 'x' },
            'ann:hunter%32@',
        ],
    ])('lets us in, %s', async (_, more, user) => {
        const { address } = await start({ login });
        await expectWorking({ 'connection.uri': `memcached://${user}${address}`, ...more });
    });

    it('lets us in again after a restart', async () => {
        const server = await start({ login });
        const cache = cacheOf({
            'connection.uri': `memcached://${server.address}`,
            ...credential,
            'options.retry': 20,
            'options.failures': 1,
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
    ])('refuses %s with AUTH_FAILED, after one attempt', async (_, username, password) => {
        const proxy = await proxyOf(await start({ login }));
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

    it('is not stormed with a password that was changed', async () => {
        const server = await start({ login });
        const { port } = server;
        const proxy = await proxyOf(server);
        const cache = cacheOf({ 'connection.host': proxy.host, 'connection.port': proxy.port, ...credential });
        await cache.open(null);
        await server.end();
        await start({ port, login: { ...login, password: 'changed' } });
        await proxy.until(() => proxy.openSockets === 0);
        const before = proxy.connections;
        expect(await codeOf(cache.retrieve(null, 'key'))).toBe('AUTH_FAILED');
        const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => codeOf(cache.retrieve(null, `${i}`))));
        for (let i = 0; i < 50; i++) answers.push(await codeOf(cache.store(null, `${i}`, 1, 5000)));
        expect(new Set(answers)).toEqual(new Set(['AUTH_FAILED']));
        // That nobody comes is no event.
        await new Promise(resolve => setTimeout(resolve, 200));
        expect(proxy.connections - before).toBe(1);
    });

    it('and is given none says so', async () => {
        const { host, port } = await start({ login });
        const cache = cacheOf({ 'connection.host': host, 'connection.port': port, 'options.fail_soft': true });
        await expect(cache.open('trace')).rejects.toMatchObject({
            code: 'AUTH_FAILED',
            trace_id: 'trace',
            details: { server: `${host}:${port}` },
        });
    });
});

it('a server that asks for no password says AUTH_FAILED when it is given one', async () => {
    const { host, port } = await start({});
    const config = { 'connection.host': host, 'connection.port': port, ...credential };
    expect((await openError(config)).code).toBe('AUTH_FAILED');
});

it('a Unix socket, with and without a password', async () => {
    const bare = await start({ unixSocket: true });
    await expectWorking({ 'connection.uri': `unix://${bare.socketPath}` });
    const locked = await start({ unixSocket: true, login });
    await expectWorking({ 'connection.uri': `unix://${locked.socketPath}`, ...credential });
    const wrong = { 'credential.username': 'ann', 'credential.password': 'hunter3' };
    expect((await openError({ 'connection.uri': `unix://${locked.socketPath}`, ...wrong })).code).toBe('AUTH_FAILED');
    expect(await openError({ 'connection.uri': 'unix:///no/such.sock', ...credential })).toMatchObject({
        code: 'CONNECT_FAILED',
        message: expect.stringMatching(/unix:\/\/\/no\/such\.sock.*ENOENT/),
    });
});

it('IPv6, by host and by uri', async () => {
    const { port } = await start({ host: '::1' });
    await expectWorking({ 'connection.host': '::1', 'connection.port': port });
    await expectWorking({ 'connection.uri': `memcached://[::1]:${port}` });
});

it('a name', async () => {
    const { port } = await start({ host: '127.0.0.1' });
    await expectWorking({ 'connection.host': 'localhost', 'connection.port': port });
    const error = await openError({ 'connection.host': 'no-such-host.invalid', 'options.failures': 1 });
    expect(error.code).toBe('CONNECT_FAILED');
});

describe('TLS', () => {
    let directory: string;
    const certificate = createCertificate();
    const fileOf = (name: string, text: string) => {
        const file = join(directory, name);
        writeFileSync(file, text);
        return file;
    };

    beforeEach(() => {
        directory = mkdtempSync(join(tmpdir(), 'logins-'));
    });
    afterEach(() => rmSync(directory, { recursive: true }));

    it.each([
        ['by uri and name', (port: number) => ({ 'connection.uri': `memcacheds://localhost:${port}` })],
        ['by uri and address', (port: number) => ({ 'connection.uri': `memcacheds://127.0.0.1:${port}` })],
        [
            'by protocol',
            (port: number) => ({
                'connection.host': 'localhost',
                'connection.port': port,
                'connection.protocol': 'tls',
            }),
        ],
    ])('with an authority of our own, %s', async (_, connection) => {
        const { port } = await start({ certificate });
        await expectWorking({ ...connection(port), 'credential.ssl_ca_file': fileOf('ca.pem', certificate.cert) });
    });

    it('with a password', async () => {
        const { port } = await start({ certificate, login });
        const ca = { 'credential.ssl_ca_file': fileOf('ca.pem', certificate.cert) };
        await expectWorking({ 'connection.uri': `memcacheds://localhost:${port}`, ...ca, ...credential });
        await expectWorking({ 'connection.uri': `memcacheds://ann:hunter2@localhost:${port}`, ...ca });
    });

    it.each([
        ['no authority', null, /self[- ]signed certificate/],
        ['another authority', createCertificate().cert, /certificate/],
    ])('with %s fails', async (_, authority, reason) => {
        const server = await start({ certificate, login });
        const proxy = await proxyOf(server);
        const ca = authority === null ? {} : { 'credential.ssl_ca_file': fileOf('ca.pem', authority) };
        const config = {
            'connection.uri': `memcacheds://localhost:${proxy.port}`,
            'options.failures': 1,
            ...ca,
            ...credential,
        };
        expect(await openError(config)).toMatchObject({
            code: 'CONNECT_FAILED',
            message: expect.stringMatching(reason),
        });
    });

    it("with a certificate for another name fails, and says the name's", async () => {
        const other = createCertificate(['elsewhere.example']);
        const { port } = await start({ certificate: other });
        const config = {
            'connection.uri': `memcacheds://localhost:${port}`,
            'credential.ssl_ca_file': fileOf('ca.pem', other.cert),
            'options.failures': 1,
        };
        expect(await openError(config)).toMatchObject({
            code: 'CONNECT_FAILED',
            message: expect.stringMatching(/localhost\. is not in the cert's altnames/),
        });
    });

    it('spoken to a server that does not know it fails', async () => {
        const { port } = await start({});
        const config = {
            'connection.uri': `memcacheds://localhost:${port}`,
            'options.failures': 1,
            'options.connect_timeout': 300,
        };
        expect((await openError(config)).code).toBe('CONNECT_FAILED');
    });
});

it('no error and no line of the log has held a password', async () => {
    const { address } = await start({ login });
    const configs = [
        { 'connection.uri': `memcached://ann:hunter3@${address}` },
        { 'connection.uri': 'memcached://ann:hunter2@127.0.0.1:1', 'options.failures': 1 },
        { 'connection.uri': 'memcached://ann:hunter2@127.0.0.1:x' },
        { 'connection.uri': 'http://ann:hunter2@127.0.0.1' },
        { 'connection.uri': 'memcached://ann:hunter2' },
        { 'connection.host': 'a', 'connection.port': 'x', ...credential },
        { 'connection.discovery_key': 'nobody', ...credential },
    ];
    for (const config of configs) expect((await openError(config)).code).toMatch(/^[A-Z_]+$/);
    expect(errors.length).toBeGreaterThan(configs.length + 5);
    for (const error of errors) {
        expect(inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error)).not.toMatch(/hunter/);
    }
    expect(logger.lines.length).toBeGreaterThan(0);
    expect(logger.lines.join('\n')).not.toMatch(/hunter/);
});
