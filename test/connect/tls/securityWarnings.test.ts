import { CredentialParams } from 'pip-services4-config-node';
import { TlsSettings } from '../../../src/connect/tls/TlsSettings';
import { securityWarnings } from '../../../src/connect/tls/securityWarnings';

const login = { username: 'ann', password: 'hunter2' };
const at = (host: string, more = {}) => ({ host, port: 11211, ...more });
const tls = (config: Record<string, unknown> = {}) =>
    new TlsSettings(CredentialParams.fromTuples(...Object.entries(config).flat()));

it.each([
    ['localhost'],
    ['LocalHost'],
    ['127.0.0.1'],
    ['127.255.0.9'],
    ['::1'],
    ['0:0:0:0:0:0:0:1'],
    ['::ffff:127.0.0.1'],
])('does not warn of a password to %s', host => {
    expect(securityWarnings([at(host, { login })], tls())).toEqual([]);
});

it.each([
    ['cache'],
    ['localhost.example'],
    ['128.0.0.1'],
    ['10.0.0.1'],
    ['0.0.0.0'],
    ['::'],
    ['fe80::1'],
    ['127.0.0.1.example'],
])('warns of a password to %s', host => {
    const name = host.includes(':') ? `[${host}]` : host;
    expect(securityWarnings([at(host, { login })], tls())).toEqual([
        `the password is sent unencrypted to ${name}:11211 (use memcacheds:// or connection.protocol: tls)`,
    ]);
    expect(securityWarnings([at(host, { login, tls: {} })], tls())).toEqual([]);
    expect(securityWarnings([at(host)], tls())).toEqual([]);
});

it('does not warn of a Unix socket', () => {
    expect(securityWarnings([at('/run/a', { path: '/run/a', login })], tls())).toEqual([]);
});

it('names only the affected servers', () => {
    const servers = [at('a', { login }), at('b', { login, tls: {} }), at('localhost', { login }), at('c', { login })];
    expect(securityWarnings(servers, tls({ ssl_verify: false }))).toEqual([
        expect.stringContaining('unencrypted to a:11211, c:11211 ('),
        'the certificates of b:11211 are not verified (credential.ssl_verify)',
    ]);
});

it('warns of TLS settings without TLS', () => {
    const settings = tls({ ssl_ca_file: '/ca.pem', ssl_verify: false, ssl_cert_file: '/crt.pem', username: 'ann' });
    expect(securityWarnings([at('a')], settings)).toEqual([
        'no server uses TLS, so these keys have no effect: credential.ssl_ca_file, credential.ssl_verify',
    ]);
    expect(securityWarnings([at('a', { tls: {} })], tls({ ssl_ca_file: '/ca.pem', ssl_cert_file: 'x' }))).toEqual([]);
});
