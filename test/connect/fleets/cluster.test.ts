import type { MemcachedConnection } from 'pip-services4-memcached-node';
import { useOpener } from '../../support/Opener';
import { createCertificate } from '../../support/server/certificate';
import { ClusterEndpoint } from '../../support/server/ClusterEndpoint';
import type { MemcachedProcess } from '../../support/server/MemcachedProcess';
import type { Settings } from '../../support/settings';
import { sleep } from '../../support/sleep';
import { fileOf } from '../tlsFiles';

const open = useOpener();
const { logger } = open;
let endpoint: ClusterEndpoint;
let servers: MemcachedProcess[];
let connection: MemcachedConnection;

const connectionTo = (settings: Settings = {}) =>
    open.connectionOf([], {
        'connection.uri': `memcached+cluster://127.0.0.1:${endpoint.port}`,
        discovery_interval: 30,
        retry: 50,
        failures: 1,
        ...settings,
    });

beforeEach(async () => {
    endpoint = await open.ending(ClusterEndpoint.start());
    servers = await Promise.all([open.server(), open.server(), open.server()]);
    endpoint.lists(5, servers[0]!, servers[1]!);
    connection = connectionTo();
    await connection.open(null);
});

/** Returns the numbers of the servers in use. */
const inUse = (of = connection) =>
    of
        .getStats()
        .servers.map(({ address }) => servers.findIndex(server => server.address === address))
        .sort();

/** Waits until some more answers have been sent, of which all but the last have been used. */
const answered = (times = 2) => endpoint.askedTimes(endpoint.asked + times);

/** Stores and retrieves keys of all servers in use. */
async function expectWorking(): Promise<void> {
    const client = connection.getClient();
    for (let i = 0; i < 50; i++) {
        await client.set(`key${i}`, `${i}`);
        expect((await client.get(`key${i}`)).value!.toString()).toBe(`${i}`);
    }
}

it('follows a cluster that grows and shrinks', async () => {
    expect(inUse()).toEqual([0, 1]);
    endpoint.lists(6, servers[0]!, servers[1]!, servers[2]!);
    await logger.heard(/servers changed: added/);
    expect(inUse()).toEqual([0, 1, 2]);
    await expectWorking();
    endpoint.lists(7, servers[2]!);
    await logger.heard(/servers changed: removed/);
    expect(inUse()).toEqual([2]);
    await expectWorking();
    expect(logger.lines).toHaveLength(2);
});

it('ignores an old version, but not one that three answers in a row confirm', async () => {
    endpoint.lists(4, servers[2]!);
    await answered(1);
    endpoint.lists(5, servers[0]!, servers[1]!);
    await answered();
    expect(inUse()).toEqual([0, 1]);
    endpoint.lists(1, servers[2]!);
    await logger.heard(/servers changed/);
    expect(inUse()).toEqual([2]);
    expect(logger.lines).toHaveLength(1);
});

it('takes the first version of a cluster that was created again when the old one is down', async () => {
    await connection.close(null);
    connection = connectionTo({ discovery_interval: 60_000 });
    await connection.open(null);
    const { asked } = endpoint;
    endpoint.lists(1, servers[2]!);
    await Promise.all([servers[0]!.kill(), servers[1]!.kill()]);
    while (connection.getStats().servers.some(({ isUp }) => isUp)) {
        await Promise.allSettled(['a', 'b', 'c', 'd', 'e'].map(key => connection.getClient().get(key)));
        await sleep(1);
    }
    await logger.heard(/servers changed/);
    expect(inUse()).toEqual([2]);
    // The first server that went down may have made it answer once, when the second was still up.
    expect(endpoint.asked - asked).toBeLessThanOrEqual(2);
    await expectWorking();
});

const ofOne = (): string => `9\n${servers[2]!.host}|${servers[2]!.host}|${servers[2]!.port}\n\r\nEND\r\n`;

it.each<[string, () => string]>([
    ['ERROR', () => 'ERROR\r\n'],
    ['END', () => 'END\r\n'],
    ['SERVER_ERROR', () => 'SERVER_ERROR out of memory\r\n'],
    ['a truncated list', () => `CONFIG cluster 0 99\r\n${ofOne().slice(0, 20)}`],
    ['a list without END', () => `CONFIG cluster 0 99\r\n${ofOne().slice(0, -3)}`],
    ['a malformed server', () => 'CONFIG cluster 0 9\r\n9\na|b\n\r\nEND\r\n'],
    ['no server', () => 'CONFIG cluster 0 9\r\n9\n\n\r\nEND\r\n'],
])('keeps the servers, and says so once, while the endpoint answers %s', async (_, reply) => {
    endpoint.isClosing = true;
    endpoint.reply = reply();
    await logger.heard(/lookup of memcached\+cluster:\/\/127.0.0.1:\d+ failed, keeping its servers/);
    await answered();
    expect(inUse()).toEqual([0, 1]);
    await expectWorking();
    endpoint.lists(5, servers[0]!, servers[1]!);
    await logger.heard(/works again/);
    expect(logger.lines).toHaveLength(2);
});

it('reads a list with a wrong length', async () => {
    endpoint.lists(6, servers[2]!);
    endpoint.reply = endpoint.reply.replace(/cluster 0 \d+/, 'cluster 0 80');
    await logger.heard(/servers changed/);
    expect(inUse()).toEqual([2]);
});

it('gives up a silent endpoint after ten seconds, and asks again', async () => {
    endpoint.reply = '';
    await logger.heard(/failed, keeping its servers: no reply from discovery or a credential store within 10000 ms/);
    expect(inUse()).toEqual([0, 1]);
    endpoint.lists(6, servers[2]!);
    await logger.heard(/servers changed/);
    expect(inUse()).toEqual([2]);
});

it('uses TLS for the endpoint and for the servers', async () => {
    const certificate = createCertificate();
    const secure = await open.ending(ClusterEndpoint.start(certificate));
    const server = await open.server({ certificate });
    secure.lists(1, server);
    connection = open.connectionOf([], {
        'connection.uri': `memcacheds+cluster://127.0.0.1:${secure.port}`,
        'credential.ssl_ca_file': fileOf(certificate.cert),
        discovery_interval: 30,
    });
    await connection.open(null);
    await expectWorking();
    await secure.askedTimes(secure.asked + 2);
    expect(logger.lines).toEqual([]);
});

it('leaves no socket behind when it closes during a question', async () => {
    endpoint.reply = '';
    await answered(1);
    await connection.close(null);
    while (endpoint.openSockets > 0) await sleep(1);
});

it.each([
    [
        'ERROR\r\n',
        /^cannot look up the memcached servers: config get cluster at 127.0.0.1:\d+: expected CONFIG cluster/,
    ],
    ['END\r\n', /expected CONFIG cluster, not "END"/],
])('rejects open when the endpoint answers %j, also with fail_soft', async (reply, message) => {
    endpoint.reply = reply;
    await expect(connectionTo({ fail_soft: true }).open('trace')).rejects.toMatchObject({
        code: 'CONNECT_FAILED',
        trace_id: 'trace',
        message: expect.stringMatching(message),
    });
});
