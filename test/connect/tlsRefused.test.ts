import { useOpener } from '../support/Opener';
import { RecordingObserver } from '../support/RecordingObserver';
import { createCertificate } from '../support/server/certificate';
import { sleep } from '../support/sleep';
import { crowd } from './crowd';
import { openError } from './opening';
import { authority, certificate, elsewhere, expired, fileOf, pairOf, signed, tlsConfigOf } from './tlsFiles';

const open = useOpener();

describe('an untrusted server', () => {
    it.each([
        [
            'an authority that is not configured',
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
            'a self-signed certificate',
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
            'no client certificate, which the server requires',
            { certificate, clientAuthority: authority.cert },
            {},
            /the server requires a client certificate \(tlsv13 alert certificate required\)$/,
        ],
        [
            'a client certificate of another authority',
            { certificate, clientAuthority: authority.cert },
            pairOf(createCertificate(['bob'])),
            /the server rejected the client certificate \(tlsv1 alert unknown ca\)$/,
        ],
        [
            'an expired client certificate',
            { certificate, clientAuthority: authority.cert },
            pairOf(signed(['ann'], -1)),
            /the server rejected the client certificate \((sslv3|ssl\/tls) alert certificate expired\)$/,
        ],
    ])('is reported at once after one attempt: %s', async (_, options, more, message) => {
        const server = await open.server(options);
        const proxy = await open.recordingProxy(server);
        const config = tlsConfigOf(proxy, more);
        // The error must not wait for these timeouts.
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

describe('a rejected certificate', () => {
    it('causes attempts at a limited rate until a replaced certificate lets the client recover', async () => {
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
        // The client probes every 75 to 100 ms. Without this limit the client would make hundreds
        // of connections.
        expect(proxy.connections).toBeLessThan(3 + (performance.now() - begun) / 75);
        expect(open.logger.count(isDown)).toBe(downs + 1);
        const cycles = open.logger.count(/is up again/);
        await server.end();
        await open.server({ port, certificate });
        await open.logger.heard(/is up again/, cycles + 1);
        expect(await cache.store(null, 'key', 'value', 5000)).toBe('value');
        expect(await cache.retrieve(null, 'key')).toBe('value');
    });

    it('does not affect open sockets, and does not cause one attempt per call', async () => {
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

    it('accepts any server when off, and logs the affected servers once per open', async () => {
        const { port } = await open.server({
            certificate: createCertificate(['elsewhere.example'], { endsInDays: -1 }),
        });
        const { logger } = open;
        const risk = new RegExp(
            `^warn not verifying the certificates of localhost:${port} \\(credential\\.ssl_verify\\)$`,
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

    it('does not mistake a later fault for a rejected certificate when off', async () => {
        const proxy = await open.recordingProxy(await open.server({ certificate: createCertificate(['x']) }));
        const observer = new RecordingObserver();
        const client = await open.client(
            { host: proxy.host, port: proxy.port, tls: { rejectUnauthorized: false } },
            { observer },
        );
        const gone = proxy.until(() => proxy.openSockets === 0);
        proxy.say(Buffer.from('bytes that are no TLS'));
        await gone;
        // A server is not down after its first fault.
        expect(await client.set('key', 'value')).toBe(true);
        expect([observer.heard, proxy.connections]).toEqual([[], 2]);
    });
});
