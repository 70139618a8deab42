import { useOpener } from '../support/Opener';
import { RecordingObserver } from '../support/RecordingObserver';
import { createCertificate } from '../support/server/certificate';
import { sleep } from '../support/sleep';
import { crowd } from './crowd';
import { openError } from './opening';
import { authority, certificate, elsewhere, expired, fileOf, pairOf, signed, tlsConfigOf } from './tlsFiles';

const open = useOpener();

describe('a server that cannot be trusted', () => {
    it.each([
        [
            'an authority that nobody told us of',
            { certificate },
            { 'credential.ssl_ca_file': '' },
            /no trusted authority/,
        ],
        [
            'another authority',
            { certificate },
            { 'credential.ssl_ca_file': fileOf(createCertificate().cert) },
            /no trusted authority has signed the server certificate \(unable to verify/,
        ],
        [
            'a certificate that it signed itself',
            { certificate: createCertificate() },
            {},
            /no trusted authority has signed the server certificate \(self-signed/,
        ],
        [
            'an expired certificate',
            { certificate: expired },
            {},
            /invalid server certificate: certificate has expired$/,
        ],
        [
            'a certificate for other names',
            { certificate: elsewhere },
            {},
            /the server certificate is for elsewhere\.example, 10\.1\.2\.3, not for localhost$/,
        ],
        [
            'none, although it asks for ours',
            { certificate, clientAuthority: authority.cert },
            {},
            /the server requires a client certificate \(tlsv13 alert certificate required\)$/,
        ],
        [
            'an authority that does not know our certificate',
            { certificate, clientAuthority: authority.cert },
            pairOf(createCertificate(['bob'])),
            /the server rejected the client certificate \(tlsv1 alert unknown ca\)$/,
        ],
        [
            'a clock by which our certificate has expired',
            { certificate, clientAuthority: authority.cert },
            pairOf(signed(['ann'], -1)),
            /the server rejected the client certificate \((sslv3|ssl\/tls) alert certificate expired\)$/,
        ],
    ])('%s: said at once, after one attempt', async (_, options, more, message) => {
        const server = await open.server(options);
        const proxy = await open.recordingProxy(server);
        const config = tlsConfigOf(proxy, more);
        // Nobody waits for these.
        const patient = { request_timeout: 60_000, connect_timeout: 60_000 };
        const error = await openError(open, { ...config, ...patient });
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
        const server = await open.server({ certificate: expired });
        const { port } = server;
        const proxy = await open.recordingProxy(server);
        const patient = { fail_soft: true, retry: 100 };
        const isDown = /^warn memcached at \S+ is down: invalid server certificate: certificate has expired/;
        const downs = open.logger.count(isDown);
        const cache = await open.cache([], tlsConfigOf(proxy, patient));
        const begun = performance.now();
        while (performance.now() - begun < 500) {
            expect(await cache.retrieve(null, 'key')).toBeNull();
            await sleep(1);
        }
        // A probe about every 75 to 100 ms; a storm would be hundreds.
        expect(proxy.connections).toBeLessThan(3 + (performance.now() - begun) / 75);
        expect(open.logger.count(isDown)).toBe(downs + 1);
        const cycles = open.logger.count(/is up again/);
        await server.end();
        await open.server({ port, certificate });
        await open.logger.heard(/is up again/, cycles + 1);
        expect(await cache.store(null, 'key', 'value', 5000)).toBe('value');
        expect(await cache.retrieve(null, 'key')).toBe('value');
    });

    it('is no fault of the sockets that stand, and does not bring one knock per call', async () => {
        const proxy = await open.recordingProxy(await open.server({ certificate }));
        const observer = new RecordingObserver();
        const client = await open.client(
            { host: 'localhost', port: proxy.port, tls: { ca: authority.cert } },
            { observer, requestTimeoutMs: 20_000 },
        );
        proxy.leadTo(await open.server({ certificate: expired }));
        await crowd(client);
        expect(observer.heard).toEqual([]);
        expect(proxy.connections).toBe(2);
    });
});

describe('ssl_verify', () => {
    it('is on when absent, true or empty', async () => {
        const server = await open.server({ certificate: expired });
        for (const word of ['', 'true', 'YES', '1']) {
            const { code } = await openError(open, tlsConfigOf(server, { 'credential.ssl_verify': word }));
            expect(code).toBe('CONNECT_FAILED');
        }
    });

    it('off: any server will do, and each open says so once, with the servers', async () => {
        const { port } = await open.server({
            certificate: createCertificate(['elsewhere.example'], { endsInDays: -1 }),
        });
        const { logger } = open;
        const risk = new RegExp(
            `^warn the certificates of localhost:${port} are not verified \\(credential\\.ssl_verify\\)$`,
        );
        const before = logger.count(risk);
        const cache = await open.cache([], {
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
        const proxy = await open.recordingProxy(await open.server({ certificate: createCertificate(['x']) }));
        const observer = new RecordingObserver();
        const client = await open.client(
            { host: proxy.host, port: proxy.port, tls: { rejectUnauthorized: false } },
            { observer },
        );
        const gone = proxy.until(() => proxy.openSockets === 0);
        proxy.say(Buffer.from('bytes that are no TLS'));
        await gone;
        // With the first fault after it had worked a server is not down.
        expect(await client.set('key', 'value')).toBe(true);
        expect([observer.heard, proxy.connections]).toEqual([[], 2]);
    });
});
