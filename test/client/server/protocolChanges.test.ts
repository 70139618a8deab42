import type { ClientOptions, MemcachedClient } from 'pip-services4-memcached-node';
import { useOpener } from '../../support/Opener';
import { handshakeOf, LineServer } from '../../support/server/LineServer';
import { MemcachedProcess } from '../../support/server/MemcachedProcess';

const open = useOpener();
/** The servers of one port, one after the other. */
let current: MemcachedProcess;

/** The kinds of memcached, by the protocols that they speak. */
const KINDS = { both: [], text: ['-B', 'ascii'], binary: ['-B', 'binary'] };
type Kind = keyof typeof KINDS;
const EXPECTED: Record<Kind, string> = { both: 'binary', text: 'meta', binary: 'binary' };

async function start(kind: Kind, port?: number): Promise<MemcachedProcess> {
    current = await MemcachedProcess.start({ port, args: KINDS[kind] });
    open.atEnd(() => current.end());
    return current;
}

async function openClient(
    server: { host: string; port: number },
    options: ClientOptions = {},
): Promise<MemcachedClient> {
    return open.client(server, { requestTimeoutMs: 5000, connectTimeoutMs: 5000, ...options });
}

const pairs = (Object.keys(KINDS) as Kind[]).flatMap(from =>
    (Object.keys(KINDS) as Kind[]).map(to => [from, to] as [Kind, Kind]),
);

it.each(pairs)('detects the protocol again, without an error, when "%s" becomes "%s"', async (from, to) => {
    const { port } = await start(from);
    const client = await openClient({ host: '127.0.0.1', port });
    await client.set('key', 'value');
    expect(client.getStats()[0]).toMatchObject({ protocol: EXPECTED[from], failed: 0 });
    await current.end();
    await start(to, port);
    // Reads and removals are safe to retry. So a restart shows as a miss only.
    const reads = Array.from({ length: 20 }, (_, i) => client.getText(`key${i}`));
    expect(new Set(await Promise.all(reads))).toEqual(new Set([null]));
    await client.set('key', 'value');
    expect(await client.getText('key')).toBe('value');
    const { protocol, failed, connects } = client.getStats()[0]!;
    expect(failed).toBe(0);
    if (from === 'binary' || to !== 'both') expect(protocol).toBe(EXPECTED[to]);
    // Each detection costs one more connection at most.
    expect(connects).toBeLessThanOrEqual(5);
});

it('spends one more connection on a server of text, and none on later ones', async () => {
    const { port } = await start('text');
    const client = await openClient({ host: '127.0.0.1', port }, { idleMs: 20 });
    expect(client.getStats()[0]!.connects).toBe(2);
    while (client.socketCount > 0) await new Promise(setImmediate);
    await client.set('key', 'value');
    expect(client.getStats()[0]!.connects).toBe(3);
});

it('sends no part of a call to a server that refuses both protocols', async () => {
    const lines: string[] = [];
    const server = await open.ending(
        LineServer.start(line => {
            lines.push(line);
            return 'ERROR\r\n';
        }),
    );
    const client = open.clientOf(server, { failures: 1, retryMs: 20 });
    await client.open({ allowUnavailable: true });
    const stores = ['secret1', 'secret2'].map(key =>
        client.set(key, 'x\r\nflush_all\r\n').catch((error: unknown) => error),
    );
    await Promise.all(stores);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter(line => line.includes('flush_all') || line.includes('secret'))).toEqual([]);
});

it.each([
    ['1.6.17', 'memcached 1.6.17 is too old for the meta protocol, which needs 1.6.18'],
    ['1.5.6', 'memcached 1.5.6 is too old for the meta protocol, which needs 1.6.18'],
])('names the version %s that is too old for meta', async (version, reason) => {
    const script = handshakeOf('memcached');
    const server = await open.ending(
        LineServer.start((line, ...rest) => (line === 'version' ? `VERSION ${version}\r\n` : script(line, ...rest))),
    );
    const opening = open.client(server, { failures: 1 });
    await expect(opening).rejects.toMatchObject({ code: 'CONNECT_FAILED', message: expect.stringContaining(reason) });
});

it.each(['1.6.18', '1.6.45', '1.10.0', '2.0.0', '1.5.0 DF', 'unknown'])(
    'uses meta with the version "%s"',
    async version => {
        const script = handshakeOf('memcached');
        const server = await open.ending(
            LineServer.start((line, ...rest) =>
                line === 'version' ? `VERSION ${version}\r\n` : script(line, ...rest),
            ),
        );
        const client = await openClient(server, { failures: 1 });
        expect(client.getStats()[0]).toMatchObject({ protocol: 'meta', version });
    },
);

it('reports the identity of a server once, and again when it changes', async () => {
    const heard: string[] = [];
    const observer = {
        onDown: () => {},
        onUp: () => {},
        onIdentified: (address: string, { protocol }: { protocol: string }) => heard.push(`${address} ${protocol}`),
    };
    const { port } = await start('binary');
    const client = await openClient({ host: '127.0.0.1', port }, { observer, idleMs: 20 });
    while (client.socketCount > 0) await new Promise(setImmediate);
    await client.set('key', 'value');
    await current.end();
    await start('text', port);
    await client.getText('key');
    expect(heard).toEqual([`127.0.0.1:${port} binary`, `127.0.0.1:${port} meta`]);
});
