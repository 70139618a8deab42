import { randomBytes } from 'node:crypto';
import { checkServerIdentity, createSecureContext, type PeerCertificate } from 'node:tls';
import { ConfigParams, Descriptor } from 'pip-services4-components-node';
import { MemoryDiscovery } from 'pip-services4-config-node';
import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { createCertificate } from '../support/server/certificate';
import { expectWorking, openError } from './opening';
import { authority, certificate, elsewhere, fileOf, mine, pairOf, tlsConfigOf } from './tlsFiles';

const open = useOpener();
const server = useServer({ certificate });

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
        await expectWorking(open, { ...connection(server.port), 'credential.ssl_ca_file': fileOf(authority.cert) });
    });

    it('is trusted when it is one of several in a file', async () => {
        const bundle = `of ours:\n${createCertificate(['x']).cert}\n${authority.cert.replaceAll('\n', '\r\n')}`;
        await expectWorking(open, tlsConfigOf(server, { 'credential.ssl_ca_file': fileOf(bundle) }));
    });

    // Node 22.23 refuses every certificate for an IPv6 address (nodejs/node#64144).
    const ofLoopback = { subject: {}, subjectaltname: 'IP Address:::1' } as PeerCertificate;
    const isRefusedByNode = checkServerIdentity('::1', ofLoopback) !== undefined;
    (isRefusedByNode ? it.failing : it)('is trusted at [::1]', async () => {
        const { port } = await open.server({ certificate, host: '::1' });
        await expectWorking(open, tlsConfigOf({ port }, { 'connection.uri': `memcacheds://[::1]:${port}` }));
    });

    it('is trusted for a discovered server', async () => {
        const discovery = new MemoryDiscovery(
            ConfigParams.fromTuples('one.host', 'localhost', 'one.port', server.port, 'one.protocol', 'tls'),
        );
        const references = open.logger.references(
            new Descriptor('test', 'discovery', 'memory', 'default', '1.0'),
            discovery,
        );
        const config = { 'connection.discovery_key': 'one', 'credential.ssl_ca_file': fileOf(authority.cert) };
        const cache = await open.cache([], config, references);
        expect(await cache.store(null, 'key', 1, 5000)).toBe(1);
    });

    it('is combined with a password', async () => {
        const { port } = await open.server({ certificate, login: { username: 'ann', password: 'hunter2' } });
        const more = { 'connection.uri': `memcacheds://ann:hunter2@localhost:${port}` };
        await expectWorking(open, tlsConfigOf({ port }, more));
    });

    it('is trusted by a client with the TLS options of Node', async () => {
        const secure = [{ ca: authority.cert }, { secureContext: createSecureContext({ ca: authority.cert }) }];
        for (const tls of secure) {
            const client = await open.client({ host: 'localhost', port: server.port, tls });
            expect(await client.set('key', 'value', { expires: 5 })).toBe(true);
        }
    });
});

it('restores values of all sizes on several concurrent sockets', async () => {
    const { port } = await open.server({ certificate, maxItemBytes: 4 << 20, memoryMegabytes: 256 });
    const client = await open.client(
        { host: 'localhost', port, tls: { ca: authority.cert } },
        { requestTimeoutMs: 30_000, maxValueBytes: 3 << 20 },
    );
    // A TLS record holds 16 KiB.
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
])('ends %s on close, and leaves no socket open', async (_, more) => {
    const locked = await open.server({ certificate, login: { username: 'ann', password: 'x' } });
    for (const turns of [0, 1, 2, 3, 5, 8, 13]) {
        const cache = open.cacheOf([], tlsConfigOf(locked, more));
        const opening = codeOf(cache.open(null));
        for (let turn = 0; turn < turns; turn++) await new Promise(resolve => setImmediate(resolve));
        await cache.close(null);
        expect(['NOT_OPENED', 'CONNECT_FAILED', 'AUTH_FAILED', 'answered undefined']).toContain(await opening);
        expect(cache.isOpen()).toBe(false);
    }
});

describe('a server name other than the host', () => {
    it.each(['elsewhere.example', 'ELSEWHERE.example', '10.1.2.3'])('is set by ssl_server_name %s', async name => {
        const other = await open.server({ certificate: elsewhere });
        await expectWorking(open, tlsConfigOf(other, { 'credential.ssl_server_name': name }));
    });

    it('is rejected when it is wrong, even if the host matches the certificate', async () => {
        for (const name of ['elsewhere.example', '10.1.2.3']) {
            expect(await openError(open, tlsConfigOf(server, { 'credential.ssl_server_name': name }))).toMatchObject({
                code: 'CONNECT_FAILED',
                message: expect.stringMatching(
                    new RegExp(`the server certificate is for localhost, 127\\.0\\.0\\.1, .*not for .*${name}$`),
                ),
            });
        }
    });
});

describe('a client certificate', () => {
    it('is accepted by a server that requires it', async () => {
        const asking = await open.server({ certificate, clientAuthority: authority.cert });
        await expectWorking(open, tlsConfigOf(asking, pairOf(mine)));
    });
});
