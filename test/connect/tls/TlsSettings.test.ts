import { generateKeyPairSync } from 'node:crypto';
import { tmpdir } from 'node:os';
import { CredentialParams } from 'pip-services4-config-node';
import { TlsSettings } from '../../../src/connect/tls/TlsSettings';
import { createCertificate } from '../../support/server/certificate';
import { fileOf } from '../tlsFiles';

const settingsOf = (config: Record<string, unknown>) =>
    new TlsSettings(CredentialParams.fromTuples(...Object.entries(config).flat()));

const { cert, key } = createCertificate();
const other = createCertificate();
const der = Buffer.from(cert.replace(/-----.*-----|\n/g, ''), 'base64');
const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const encrypted = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'hunter2' });
const sec1 = privateKey.export({ type: 'sec1', format: 'pem' });

it('shares one secure context among all hosts', () => {
    const settings = settingsOf({ ssl_ca_file: fileOf(cert), ssl_crt_file: fileOf(cert), ssl_key_file: fileOf(key) });
    const { secureContext } = settings.toOptions('a');
    expect(secureContext).toBeDefined();
    expect(settings.toOptions('b').secureContext).toBe(secureContext);
});

it.each([
    ['a', {}, 'a'],
    ['10.0.0.1', {}, undefined],
    ['::1', {}, undefined],
    ['a', { ssl_server_name: 'b' }, 'b'],
    ['10.0.0.1', { ssl_server_name: 'b' }, 'b'],
    ['a', { ssl_server_name: '10.0.0.1' }, undefined],
    ['a', { ssl_server_name: '' }, 'a'],
])('sends to %s with %j the server name %s', (host, config, name) => {
    expect(settingsOf(config).toOptions(host).servername).toBe(name);
});

it.each([
    [undefined, true],
    ['', true],
    ['true', true],
    [true, true],
    ['1', true],
    [' Yes ', true],
    ['false', false],
    [false, false],
    ['0', false],
    ['N', false],
])('parses ssl_verify %p as %p', (word, isVerified) => {
    const settings = settingsOf(word === undefined ? {} : { ssl_verify: word });
    expect(settings.isVerified).toBe(isVerified);
    expect(settings.toOptions('a').rejectUnauthorized).toBe(isVerified);
});

it.each(['off', 'none', '2', 'null', 'hunter2'])('rejects ssl_verify %s', word => {
    expect(() => settingsOf({ ssl_verify: word })).toThrow(
        expect.objectContaining({
            code: 'INVALID_CREDENTIAL',
            message: 'invalid credential.ssl_verify: expected true or false',
        }),
    );
});

it.each<[string, Record<string, string>, string | RegExp]>([
    [
        'an authority that is not PEM',
        { ssl_ca_file: fileOf('hunter2') },
        /^invalid credential\.ssl_ca_file: expected a certificate in PEM/,
    ],
    [
        'an empty authority',
        { ssl_ca_file: fileOf('') },
        /^invalid credential\.ssl_ca_file: expected a certificate in PEM/,
    ],
    [
        'an authority in DER',
        { ssl_ca_file: fileOf(der) },
        /^invalid credential\.ssl_ca_file: expected a certificate in PEM/,
    ],
    [
        'a key as authority',
        { ssl_ca_file: fileOf(key) },
        /^invalid credential\.ssl_ca_file: expected a certificate in PEM/,
    ],
    [
        'a truncated authority',
        { ssl_ca_file: fileOf(cert + other.cert.slice(0, 200)) },
        'invalid credential.ssl_ca_file: it ends within a certificate',
    ],
    [
        'a broken second authority',
        { ssl_ca_file: fileOf(cert + other.cert.replace('MII', 'AAA')) },
        'invalid credential.ssl_ca_file: certificate 2 is malformed',
    ],
    [
        'a certificate without key',
        { ssl_crt_file: fileOf(cert) },
        'invalid credential.ssl_crt_file: expected credential.ssl_key_file beside it',
    ],
    [
        'a key without certificate',
        { ssl_key_file: fileOf(key) },
        'invalid credential.ssl_key_file: expected credential.ssl_crt_file beside it',
    ],
    [
        'the key of another certificate',
        { ssl_crt_file: fileOf(cert), ssl_key_file: fileOf(other.key) },
        'invalid credential.ssl_key_file: expected the key of credential.ssl_crt_file',
    ],
    [
        'an exchanged certificate and key',
        { ssl_crt_file: fileOf(key), ssl_key_file: fileOf(cert) },
        /^invalid credential\.ssl_crt_file: expected a certificate in PEM/,
    ],
    [
        'a key that is not PEM',
        { ssl_crt_file: fileOf(cert), ssl_key_file: fileOf(cert) },
        /^invalid credential\.ssl_key_file: expected a private key in PEM/,
    ],
    [
        'an encrypted key',
        { ssl_crt_file: fileOf(cert), ssl_key_file: fileOf(encrypted) },
        'invalid credential.ssl_key_file: encrypted keys are not supported',
    ],
])('rejects %s without an OpenSSL message', (_, config, message) => {
    expect(() => settingsOf(config).toOptions('a')).toThrow(
        expect.objectContaining({
            code: 'INVALID_CREDENTIAL',
            message: typeof message === 'string' ? message : expect.stringMatching(message),
        }),
    );
});

it.each(['/no/such/file.pem', tmpdir()])('reports an unreadable file %s under the name of its option', file => {
    expect(() => settingsOf({ ssl_ca_file: file }).toOptions('a')).toThrow(
        expect.objectContaining({
            code: 'NO_CREDENTIAL',
            message: expect.stringMatching(/^cannot read credential\.ssl_ca_file: E(NOENT|ISDIR)/),
        }),
    );
});

it('reads keys in SEC1 format', () => {
    const file = fileOf(sec1);
    expect(() => settingsOf({ ssl_crt_file: fileOf(cert), ssl_key_file: file }).toOptions('a')).toThrow(
        /expected the key of credential\.ssl_crt_file/,
    );
});

it('does not read unused files', () => {
    const settings = settingsOf({ ssl_ca_file: '/no/such/file.pem', ssl_cert_file: 'a', username: 'ann' });
    expect(settings).toMatchObject({ keys: ['ssl_ca_file'] });
});
