import { CredentialParams } from 'pip-services4-config-node';
import type { Login } from 'pip-services4-memcached-node';
import { Access } from '../../../src/connect/discovery/Access';
import type { SourceAnswer } from '../../../src/connect/discovery/ServerSource';
import { ClusterSource } from '../../../src/connect/sources/ClusterSource';
import { TlsSettings } from '../../../src/connect/tls/TlsSettings';
import { useOpener } from '../../support/Opener';
import { createCertificate } from '../../support/server/certificate';
import { ClusterEndpoint, clusterReply } from '../../support/server/ClusterEndpoint';
import { fileOf } from '../tlsFiles';

const open = useOpener();
const never = new AbortController().signal;
let endpoint: ClusterEndpoint;

beforeEach(async () => {
    endpoint = await open.ending(ClusterEndpoint.start());
});

function lookUp(
    login?: Login,
    signal = never,
    credential = new CredentialParams(),
    isTls = false,
): Promise<SourceAnswer> {
    const source = new ClusterSource('id', 'name', '127.0.0.1', endpoint.port, { weight: 2, isTls });
    return source.lookUp(new Access(credential, new TlsSettings(credential), login), signal);
}

const failure = (problem: string) => ({
    code: 'CONNECT_FAILED',
    message: `cannot look up the memcached servers: config get cluster at 127.0.0.1:${endpoint.port}: ${problem}`,
});

const SERVERS = ['0001.a.example|10.0.0.1|11211', '|2001:db8::1|11212', 'c.example||11213'];
const LIST = {
    version: 12n,
    servers: [
        { host: '0001.a.example', port: 11211, weight: 2, isTls: false },
        { host: '2001:db8::1', port: 11212, weight: 2, isTls: false },
        { host: 'c.example', port: 11213, weight: 2, isTls: false },
    ],
};

it('reads the list wherever its reply is cut', async () => {
    endpoint.reply = clusterReply(12, ...SERVERS);
    for (endpoint.cutAt = 0; endpoint.cutAt <= endpoint.reply.length; endpoint.cutAt++) {
        expect(await lookUp()).toEqual(LIST);
    }
    expect(new Set(endpoint.lines)).toEqual(new Set(['config get cluster']));
});

it('rejects a reply that ends early, wherever that is', async () => {
    const reply = clusterReply(12, ...SERVERS);
    endpoint.isClosing = true;
    for (let length = 0; length < reply.length - 1; length++) {
        endpoint.reply = reply.slice(0, length);
        await expect(lookUp()).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
    }
});

it.each([
    ['ERROR\r\n', 'expected CONFIG cluster, not "ERROR"'],
    ['END\r\n', 'expected CONFIG cluster, not "END"'],
    ['CONFIG cluster 0 9\r\n12\na|b\n\r\nEND\r\n', 'expected host|ip|port as server 1'],
])('rejects %j', async (reply, problem) => {
    endpoint.reply = reply;
    await expect(lookUp()).rejects.toMatchObject(failure(problem));
});

it('rejects a reply that does not end within 1 MiB', async () => {
    endpoint.reply = `CONFIG cluster 0 9\r\n12\n${'a|b|1 '.repeat(200_000)}`;
    await expect(lookUp()).rejects.toMatchObject(failure('the reply is over 1048576 bytes'));
});

it('reads a list of 10,000 servers', async () => {
    const servers = Array.from({ length: 10_000 }, (_, i) => `node-${i}.cache.example|10.0.0.1|11211`);
    endpoint.reply = clusterReply(12, ...servers);
    expect((await lookUp()).servers).toHaveLength(10_000);
});

it('closes its connection, whatever the outcome', async () => {
    endpoint.reply = clusterReply(12, ...SERVERS);
    await lookUp();
    endpoint.reply = 'ERROR\r\n';
    await expect(lookUp()).rejects.toThrow();
    while (endpoint.openSockets > 0) await new Promise(resolve => setImmediate(resolve));
});

it('ends when its signal aborts', async () => {
    endpoint.reply = '';
    const controller = new AbortController();
    const looking = lookUp(undefined, controller.signal);
    await endpoint.askedTimes(1);
    controller.abort();
    await expect(looking).rejects.toMatchObject(failure('the lookup was stopped'));
});

it('rejects an endpoint that refuses connections', async () => {
    const { port } = endpoint;
    await endpoint.end();
    endpoint.end = () => Promise.resolve();
    const source = new ClusterSource('id', 'name', '127.0.0.1', port, { weight: 1, isTls: false });
    const credential = new CredentialParams();
    const access = new Access(credential, new TlsSettings(credential), undefined);
    await expect(source.lookUp(access, never)).rejects.toThrow(/config get cluster at .*: connect ECONNREFUSED/);
});

describe('a login', () => {
    const ann = { username: 'ann', password: 'pässword' };

    beforeEach(() => {
        endpoint.reply = clusterReply(12, ...SERVERS);
    });

    it('is sent only to an endpoint that demands one', async () => {
        expect(await lookUp(ann)).toEqual(LIST);
        expect(endpoint.lines).toEqual(['config get cluster']);
        endpoint.login = 'ann pässword';
        expect(await lookUp(ann)).toEqual(LIST);
        expect(endpoint.lines.slice(1)).toEqual([
            'config get cluster',
            'set auth 0 0 13',
            'ann pässword',
            'config get cluster',
        ]);
    });

    it('may be wrong or absent', async () => {
        endpoint.login = 'bob secret';
        await expect(lookUp(ann)).rejects.toMatchObject(
            failure('the login was rejected (CLIENT_ERROR authentication failure)'),
        );
        await expect(lookUp()).rejects.toMatchObject(
            failure('expected CONFIG cluster, not "CLIENT_ERROR unauthenticated"'),
        );
    });
});

it('verifies the certificate of the endpoint', async () => {
    const certificate = createCertificate();
    endpoint = await open.ending(ClusterEndpoint.start(certificate));
    endpoint.reply = clusterReply(12, 'a|10.0.0.1|1');
    const trusted = CredentialParams.fromTuples('ssl_ca_file', fileOf(certificate.cert));
    const { servers } = await lookUp(undefined, never, trusted, true);
    expect(servers).toEqual([{ host: 'a', port: 1, weight: 2, isTls: true }]);
    await expect(lookUp(undefined, never, new CredentialParams(), true)).rejects.toThrow(/self-signed certificate/);
    const other = CredentialParams.fromTuples(
        'ssl_ca_file',
        fileOf(certificate.cert),
        'ssl_server_name',
        'other.example',
    );
    await expect(lookUp(undefined, never, other, true)).rejects.toThrow(/does not match certificate/);
});
