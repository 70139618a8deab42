import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkServerIdentity, createSecureContext, type PeerCertificate } from 'node:tls';
import { ConfigParams, Descriptor } from 'pip-services4-components-node';
import { MemoryDiscovery } from 'pip-services4-config-node';
import { MemcachedClient } from '../../src/client/MemcachedClient';
import { CacheOpener } from '../support/CacheOpener';
import { codeOf } from '../support/openCache';
import { createCertificate } from '../support/server/certificate';

const authority = createCertificate(['an authority of our own']);
const signed = (names?: string[], endsInDays?: number) => createCertificate(names, { authority, endsInDays });
const certificate = signed();
const expired = signed(undefined, -1);
const elsewhere = signed(['elsewhere.example', '10.1.2.3']);
const mine = signed(['ann']);

const opener = new CacheOpener();
afterEach(() => opener.end());

const directory = mkdtempSync(join(tmpdir(), 'tls-'));
afterAll(() => rmSync(directory, { recursive: true }));

let files = 0;
function fileOf(pem: string): string {
    const file = join(directory, `${files++}.pem`);
    writeFileSync(file, pem);
    return file;
}

/** A connection to the server, which trusts our authority. */
function configOf({ port }: { port: number }, more: Record<string, unknown> = {}): Record<string, unknown> {
    return {
        'connection.uri': `memcacheds://localhost:${port}`,
        'credential.ssl_ca_file': fileOf(authority.cert),
        ...more,
    };
}

const pairOf = ({ cert, key }: { cert: string; key: string }) => ({
    'credential.ssl_crt_file': fileOf(cert),
    'credential.ssl_key_file': fileOf(key),
});

describe('a private authority', () => {
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
    ])('is trusted, %s', async (_, connection) => {
        const { port } = await opener.start({ certificate });
        await opener.expectWorking({ ...connection(port), 'credential.ssl_ca_file': fileOf(authority.cert) });
    });

    it('is one of several in a file', async () => {
        const server = await opener.start({ certificate });
        const bundle = `of ours:\n${createCertificate(['x']).cert}\n${authority.cert.replaceAll('\n', '\r\n')}`;
        await opener.expectWorking(configOf(server, { 'credential.ssl_ca_file': fileOf(bundle) }));
    });

    // Node 22.23 refuses every certificate for an IPv6 address: nodejs/node#64144.
    const ofLoopback = { subject: {}, subjectaltname: 'IP Address:::1' } as PeerCertificate;
    const isRefusedByNode = checkServerIdentity('::1', ofLoopback) !== undefined;
    (isRefusedByNode ? it.failing : it)('is trusted at [::1]', async () => {
        const { port } = await opener.start({ certificate, host: '::1' });
        await opener.expectWorking(configOf({ port }, { 'connection.uri': `memcacheds://[::1]:${port}` }));
    });

    it('is trusted with a server that discovery knows', async () => {
        const { port } = await opener.start({ certificate });
        const discovery = new MemoryDiscovery(
            ConfigParams.fromTuples('one.host', 'localhost', 'one.port', port, 'one.protocol', 'tls'),
        );
        const references = opener.logger.references(
            new Descriptor('test', 'discovery', 'memory', 'default', '1.0'),
            discovery,
        );
        const config = { 'connection.discovery_key': 'one', 'credential.ssl_ca_file': fileOf(authority.cert) };
        const cache = await opener.open(config, references);
        expect(await cache.store(null, 'key', 1, 5000)).toBe(1);
    });

    it('and a password', async () => {
        const { port } = await opener.start({ certificate, login: { username: 'ann', password: 'hunter2' } });
        const more = { 'connection.uri': `memcacheds://ann:hunter2@localhost:${port}` };
        await opener.expectWorking(configOf({ port }, more));
    });

    it('is trusted by a bare client as Node takes it', async () => {
        const { port } = await opener.start({ certificate });
        const secure = [{ ca: authority.cert }, { secureContext: createSecureContext({ ca: authority.cert }) }];
        for (const tls of secure) {
            const client = new MemcachedClient([{ host: 'localhost', port, tls }]);
            opener.atEnd(() => client.close());
            await client.open();
            expect(await client.set('key', 'value', { expires: 5 })).toBe(true);
        }
    });
});

it('values of all sizes come back whole, on several sockets at once', async () => {
    const { port } = await opener.start({ certificate, maxItemBytes: 4 << 20, memoryMegabytes: 256 });
    const client = new MemcachedClient([{ host: 'localhost', port, tls: { ca: authority.cert } }], {
        requestTimeoutMs: 30_000,
        maxValueBytes: 3 << 20,
    });
    opener.atEnd(() => client.close());
    await client.open();
    // A record of TLS holds 16 KiB.
    const sizes = [0, 1, 100, 16_383, 16_384, 16_385, 65_535, 65_536, 500_000, 1 << 20, 3 << 20];
    const values = sizes.map(size => randomBytes(size));
    for (let round = 0; round < 3; round++) {
        await Promise.all(values.map((value, i) => client.set(`${i}`, value, { expires: 60 })));
        const found = await Promise.all([...sizes, ...sizes].map((_, i) => client.get(`${i % sizes.length}`)));
        expect(found.map(({ value }, i) => value?.equals(values[i % sizes.length]!))).not.toContain(false);
        const { items } = await client.getMany(sizes.map((_, i) => `${i}`));
        expect(values.filter((value, i) => !items.get(`${i}`)?.value?.equals(value))).toEqual([]);
    }
    expect(client.socketCount).toBeGreaterThan(1);
});

it.each([
    ['the handshake', {}],
    ['the login', { 'credential.username': 'ann', 'credential.password': 'x' }],
])('close in the middle of %s ends it, and leaves nothing open', async (_, more) => {
    const server = await opener.start({ certificate, login: { username: 'ann', password: 'x' } });
    for (const turns of [0, 1, 2, 3, 5, 8, 13]) {
        const cache = opener.cacheOf(configOf(server, more));
        const opening = codeOf(cache.open(null));
        for (let turn = 0; turn < turns; turn++) await new Promise(resolve => setImmediate(resolve));
        await cache.close(null);
        expect(['NOT_OPENED', 'CONNECT_FAILED', 'AUTH_FAILED', 'answered undefined']).toContain(await opening);
        expect(cache.isOpen()).toBe(false);
    }
});

describe('a name that is not the host', () => {
    it.each(['elsewhere.example', 'ELSEWHERE.example', '10.1.2.3'])('by ssl_server_name %s', async name => {
        const server = await opener.start({ certificate: elsewhere });
        await opener.expectWorking(configOf(server, { 'credential.ssl_server_name': name }));
    });

    it('that is wrong is refused, also where the host would be right', async () => {
        const server = await opener.start({ certificate });
        for (const name of ['elsewhere.example', '10.1.2.3']) {
            expect(await opener.openError(configOf(server, { 'credential.ssl_server_name': name }))).toMatchObject({
                code: 'CONNECT_FAILED',
                message: expect.stringMatching(
                    new RegExp(`its certificate is for localhost, 127\\.0\\.0\\.1, .*not for .*${name}$`),
                ),
            });
        }
    });
});

describe('a server that cannot be trusted', () => {
    it.each([
        ['an authority that nobody told us of', { certificate }, { 'credential.ssl_ca_file': '' }, /no authority that/],
        [
            'another authority',
            { certificate },
            { 'credential.ssl_ca_file': fileOf(createCertificate().cert) },
            /no authority that we trust has signed its certificate \(unable to verify/,
        ],
        [
            'a certificate that it signed itself',
            { certificate: createCertificate() },
            {},
            /no authority that we trust has signed its certificate \(self-signed/,
        ],
        [
            'an expired certificate',
            { certificate: expired },
            {},
            /its certificate is refused: certificate has expired$/,
        ],
        [
            'a certificate for other names',
            { certificate: elsewhere },
            {},
            /its certificate is for elsewhere\.example, 10\.1\.2\.3, not for localhost$/,
        ],
        [
            'none, although it asks for ours',
            { certificate, clientAuthority: authority.cert },
            {},
            /it asks for a certificate of ours \(tlsv13 alert certificate required\)$/,
        ],
        [
            'an authority that does not know our certificate',
            { certificate, clientAuthority: authority.cert },
            pairOf(createCertificate(['bob'])),
            /it refuses our certificate \(tlsv1 alert unknown ca\)$/,
        ],
        [
            'a clock by which our certificate has expired',
            { certificate, clientAuthority: authority.cert },
            pairOf(signed(['ann'], -1)),
            /it refuses our certificate \((sslv3|ssl\/tls) alert certificate expired\)$/,
        ],
    ])('%s: said at once, after one attempt', async (_, options, more, message) => {
        const server = await opener.start(options);
        const proxy = await opener.proxyOf(server);
        const config = configOf(proxy, more);
        // Nobody waits for these.
        const patient = { 'options.request_timeout': 60_000, 'options.connect_timeout': 60_000 };
        const error = await opener.openError({ ...config, ...patient });
        expect(error).toMatchObject({
            code: 'CONNECT_FAILED',
            trace_id: 'trace',
            message: expect.stringMatching(message),
        });
        expect(error.message).not.toMatch(/openssl|SSL routines|\n/);
        expect(proxy.connections).toBe(1);
    });
});

describe('a certificate that is not accepted', () => {
    it('is not asked for again and again, and comes back by itself when it is replaced', async () => {
        const server = await opener.start({ certificate: expired });
        const { port } = server;
        const proxy = await opener.proxyOf(server);
        const patient = { 'options.fail_soft': true, 'options.retry': 400 };
        const isDown = /^warn memcached at \S+ is down: its certificate is refused: certificate has expired/;
        const downs = opener.logger.count(isDown);
        const cache = await opener.open(configOf(proxy, patient));
        const begun = performance.now();
        while (performance.now() - begun < 1500) {
            expect(await cache.retrieve(null, 'key')).toBeNull();
            await new Promise(resolve => setTimeout(resolve, 1));
        }
        // A probe about every 300 to 400 ms; a storm would be hundreds.
        expect(proxy.connections).toBeLessThan(3 + (performance.now() - begun) / 300);
        expect(opener.logger.count(isDown)).toBe(downs + 1);
        const cycles = opener.logger.count(/is up again/);
        await server.end();
        await opener.start({ port, certificate });
        await opener.logger.heard(/is up again/, cycles + 1);
        expect(await cache.store(null, 'key', 'value', 5000)).toBe('value');
        expect(await cache.retrieve(null, 'key')).toBe('value');
    });

    it('is no fault of the sockets that stand, and does not bring one knock per call', async () => {
        const proxy = await opener.proxyOf(await opener.start({ certificate }));
        const down: string[] = [];
        const client = new MemcachedClient([{ host: 'localhost', port: proxy.port, tls: { ca: authority.cert } }], {
            observer: { onDown: (_, fault) => down.push(fault.message), onUp: () => {} },
            requestTimeoutMs: 20_000,
        });
        opener.atEnd(() => client.close());
        await client.open();
        proxy.leadTo(await opener.start({ certificate: expired }));
        const value = Buffer.alloc(500_000);
        for (let round = 0; round < 20; round++) {
            // One socket carries a large value: the next calls would rather have another.
            const calls = Array.from({ length: 4 }, (_, i) => client.set(`${i}`, value, { expires: 60 }));
            expect(await Promise.all(calls)).toEqual([true, true, true, true]);
        }
        expect(down).toEqual([]);
        expect(proxy.connections).toBe(2);
    });
});

describe('a certificate of our own', () => {
    it('lets us in where one is asked for', async () => {
        const server = await opener.start({ certificate, clientAuthority: authority.cert });
        await opener.expectWorking(configOf(server, pairOf(mine)));
    });
});

describe('one side speaks TLS, the other does not', () => {
    const patient = { 'options.connect_timeout': 30_000, 'options.request_timeout': 60_000 };

    it('we do', async () => {
        const server = await opener.start();
        expect(await opener.openError(configOf(server, patient))).toMatchObject({
            code: 'CONNECT_FAILED',
            message: expect.stringMatching(/it does not answer in TLS \(/),
        });
    });

    it('the server does', async () => {
        const { host, port } = await opener.start({ certificate });
        const config = { 'connection.host': host, 'connection.port': port, ...patient };
        expect(await opener.openError(config)).toMatchObject({
            code: 'CONNECT_FAILED',
            message: expect.stringMatching(/before it had answered anything: does it speak TLS only\?$/),
        });
    });

    it.each([
        ['answers HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n', /it does not answer in TLS/],
        ['hangs up', null, /closed the connection in the TLS handshake: does it speak TLS\?$/],
    ])('the server %s', async (_, answer, message) => {
        const port = await listen(answer);
        const config = configOf({ port }, { ...patient, 'options.failures': 1 });
        expect(await opener.openError(config)).toMatchObject({
            code: 'CONNECT_FAILED',
            message: expect.stringMatching(message),
        });
    });

    it('the server says nothing', async () => {
        const config = configOf({ port: await listen('') }, { ...patient, 'options.failures': 1 });
        expect(await opener.openError({ ...config, 'options.connect_timeout': 500 })).toMatchObject({
            code: 'CONNECT_FAILED',
            message: expect.stringMatching(/no TLS handshake within 500 ms: does the server speak TLS\?$/),
        });
    });

    it('the server answers a plain client with an alert of TLS', async () => {
        const port = await listen(Buffer.from('15030300020246', 'hex'));
        const config = { 'connection.host': '127.0.0.1', 'connection.port': port, ...patient };
        expect(await opener.openError(config)).toMatchObject({
            code: 'CONNECT_FAILED',
            message: expect.stringMatching(/it answers in TLS, and was not spoken to in TLS$/),
        });
    });
});

/** A server that answers the first bytes with these; null: hangs up. */
async function listen(answer: string | Buffer | null): Promise<number> {
    const sockets = new Set<Socket>();
    const server = createServer(socket => {
        sockets.add(socket);
        socket.on('error', () => {});
        socket.once('data', () => (answer === null ? socket.destroy() : socket.write(answer)));
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    opener.atEnd(() => {
        for (const socket of sockets) socket.destroy();
        return new Promise(resolve => server.close(resolve));
    });
    return (server.address() as AddressInfo).port;
}

describe('ssl_verify', () => {
    it('is on when absent, true or empty', async () => {
        const server = await opener.start({ certificate: expired });
        for (const word of ['', 'true', 'YES', '1']) {
            const { code } = await opener.openError(configOf(server, { 'credential.ssl_verify': word }));
            expect(code).toBe('CONNECT_FAILED');
        }
    });

    it('off: any server will do, and each open says so once, with the servers', async () => {
        const { port } = await opener.start({
            certificate: createCertificate(['elsewhere.example'], { endsInDays: -1 }),
        });
        const { logger } = opener;
        const risk = new RegExp(
            `^warn credential\\.ssl_verify is false: whoever answers at localhost:${port} is taken for memcached$`,
        );
        const before = logger.count(risk);
        const cache = await opener.open({
            'connection.uri': `memcacheds://localhost:${port}`,
            'credential.ssl_verify': 'false',
        });
        expect(await cache.store(null, 'key', 1, 5000)).toBe(1);
        expect(logger.count(risk)).toBe(before + 1);
        await cache.close(null);
        await cache.open(null);
        expect(logger.count(risk)).toBe(before + 2);
    });

    it('off: what breaks a connection later is not taken for a certificate that is refused', async () => {
        const proxy = await opener.proxyOf(await opener.start({ certificate: createCertificate(['x']) }));
        const down: string[] = [];
        const client = new MemcachedClient(
            [{ host: proxy.host, port: proxy.port, tls: { rejectUnauthorized: false } }],
            { observer: { onDown: (_, fault) => down.push(fault.message), onUp: () => {} } },
        );
        opener.atEnd(() => client.close());
        await client.open();
        const gone = proxy.until(() => proxy.openSockets === 0);
        proxy.say(Buffer.from('bytes that are no TLS'));
        await gone;
        // With the first fault after it had worked a server is not down.
        expect(await client.set('key', 'value')).toBe(true);
        expect([down, proxy.connections]).toEqual([[], 2]);
    });
});
