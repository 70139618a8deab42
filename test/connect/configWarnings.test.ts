import { CredentialParams } from 'pip-services4-config-node';
import type { ServerAddress } from '../../src/client/model/ServerAddress';
import { configWarnings } from '../../src/connect/configWarnings';
import { TlsSettings } from '../../src/connect/tls/TlsSettings';

const login = { username: 'ann', password: 'hunter2' };
const at = (host: string, more = {}) => ({ host, port: 11211, ...more });
function warnings(servers: ServerAddress[], config: Record<string, unknown> = {}): string[] {
    const credential = CredentialParams.fromTuples(...Object.entries(config).flat());
    return configWarnings(servers, credential, new TlsSettings(credential));
}

it.each([
    ['localhost'],
    ['LocalHost'],
    ['127.0.0.1'],
    ['127.255.0.9'],
    ['::1'],
    ['0:0:0:0:0:0:0:1'],
    ['::ffff:127.0.0.1'],
])('does not warn of a password to %s', host => {
    expect(warnings([at(host, { login })])).toEqual([]);
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
    expect(warnings([at(host, { login })])).toEqual([
        `sending the password unencrypted to ${name}:11211 (use memcacheds:// or connection.protocol: tls)`,
    ]);
    expect(warnings([at(host, { login, tls: {} })])).toEqual([]);
    expect(warnings([at(host)])).toEqual([]);
});

it('does not warn of a Unix socket', () => {
    expect(warnings([at('/run/a', { path: '/run/a', login })])).toEqual([]);
});

it('names only the affected servers', () => {
    const servers = [at('a', { login }), at('b', { login, tls: {} }), at('localhost', { login }), at('c', { login })];
    expect(warnings(servers, { ssl_verify: false })).toEqual([
        expect.stringContaining('unencrypted to a:11211, c:11211 ('),
        'not verifying the certificates of b:11211 (credential.ssl_verify)',
    ]);
});

it('warns of TLS settings without TLS', () => {
    const settings = { ssl_ca_file: '/ca.pem', ssl_verify: false, ssl_cert_file: '/crt.pem', username: 'ann' };
    expect(warnings([at('a')], settings)).toEqual([
        'no server uses TLS, so these keys have no effect: credential.ssl_ca_file, credential.ssl_verify',
    ]);
    expect(warnings([at('a', { tls: {} })], { ssl_ca_file: '/ca.pem', ssl_cert_file: 'x' })).toEqual([]);
});
