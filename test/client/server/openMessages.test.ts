import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Login, ServerAddress } from 'pip-services4-memcached-node';
import { useOpener } from '../../support/Opener';
import { createCertificate } from '../../support/server/certificate';
import type { MemcachedProcess, MemcachedProcessOptions } from '../../support/server/MemcachedProcess';
import { LineServer, type LineScript } from '../../support/server/LineServer';

// The messages that an operator sees when a client cannot open. Each must name a setting to check.

const open = useOpener();
const login = { username: 'ann', password: 'hunter2' };
const wrongLogin = { username: 'ann', password: 'hunter3' };
const certificate = createCertificate();
const tls = { ca: certificate.cert };

type Target = Pick<ServerAddress, 'port'> & Partial<ServerAddress>;

const ADDRESS = 'ADDRESS';
const NEITHER = 'neither the binary nor the meta protocol works';

describe('open', () => {
    it.each<[string, () => Promise<Target>, string]>([
        ['a closed port', async () => ({ port: 1 }), `connect ECONNREFUSED ${ADDRESS}`],
        [
            'an unknown host',
            async () => ({ host: 'no-such-host.invalid', port: 1 }),
            'getaddrinfo ENOTFOUND no-such-host.invalid',
        ],
        ['a silent server', () => lines(() => ''), `${NEITHER}: no reply to the first request within 1000 ms`],
        ['a server for HTTP', http, `${NEITHER}: the server speaks HTTP`],
        ['Redis', () => lines(redis), `${NEITHER}: the server speaks the protocol of Redis`],
        [
            'a server that speaks only TLS',
            () => memcached({ certificate }),
            `${NEITHER}: the server closed the connection before the first reply (does the server speak only TLS?)`,
        ],
        [
            'a server that does not speak TLS',
            () => memcached({}, { tls }),
            'the server does not speak TLS (wrong version number), or has too many connections',
        ],
        [
            'a memcached that is too old for meta and speaks only text',
            () => lines(oldMemcached),
            `${NEITHER} (binary: the server answers in text (ERROR) instead of the binary protocol; ` +
                'meta: memcached 1.6.12 is too old for the meta protocol, which needs 1.6.18)',
        ],
        [
            'a memcached with too many connections',
            async () => fill(await open.server({ args: FEW })),
            'the server has too many connections (option -c of memcached)',
        ],
        [
            'a memcached with too many connections, over TLS',
            async () => ({ ...(await fill(await open.server({ args: FEW, certificate }))), tls }),
            'the server does not speak TLS (wrong version number), or has too many connections',
        ],
    ])('reports %s', async (_, start, reason) => {
        expect(await messageOf(await start())).toBe(
            `CONNECT_FAILED: cannot connect to memcached at ${ADDRESS}: ${reason}`,
        );
    });

    const required = `memcached at ${ADDRESS} requires a login (credential.username and credential.password)`;
    const wrong = `authentication to memcached at ${ADDRESS} failed: wrong user name or password`;
    const unknown = `authentication to memcached at ${ADDRESS} failed: the server has no logins (options -S and -Y)`;
    it.each<[string, MemcachedProcessOptions, Login | undefined, string]>([
        ['a missing login for SASL', { login }, undefined, required],
        ['a wrong login for SASL', { login }, wrongLogin, wrong],
        ['a missing login for text', { textLogin: login }, undefined, required],
        ['a wrong login for text', { textLogin: login }, wrongLogin, wrong],
        ['a login for a server without logins', {}, login, unknown],
    ])('reports %s', async (_, options, given, message) => {
        expect(await messageOf(await memcached(options, { login: given }))).toBe(`AUTH_FAILED: ${message}`);
    });
});

/** Returns the code and the message of the error, the same in all runs and on all systems. */
async function messageOf({ host = '127.0.0.1', port, ...access }: Target): Promise<string> {
    const client = open.clientOf({ host, port, ...access });
    const error = await client.open().then(
        () => Promise.reject(new Error('the client has opened')),
        (error: Error & { code: string }) => error,
    );
    expect([client.socketCount, client.pendingCount, client.timerCount]).toEqual([0, 0, 0]);
    return `${error.code}: ${error.message}`
        .replaceAll(`${host}:${port}`, ADDRESS)
        .replace('EAI_AGAIN', 'ENOTFOUND')
        .replace('packet length too long', 'wrong version number');
}

function redis(line: string): string {
    return `-ERR unknown command '${line}', with args beginning with: \r\n`;
}

/** Few connections. memcached also needs some file descriptors for itself. */
const FEW = ['-c', '40', '-t', '1'];

async function memcached(options: MemcachedProcessOptions, access: Partial<ServerAddress> = {}): Promise<Target> {
    const { port } = await open.server(options);
    return { port, ...access };
}

async function lines(script: LineScript): Promise<Target> {
    const { port } = await open.ending(LineServer.start(script));
    return { port };
}

/** Answers a line like a memcached before 1.6.18. */
function oldMemcached(line: string): string {
    if (line === 'version') return 'VERSION 1.6.12\r\n';
    if (line.startsWith('mn')) return 'MN\r\n';
    return line.startsWith('stats') ? 'END\r\n' : 'ERROR\r\n';
}

async function http(): Promise<Target> {
    const server = createHttpServer((_, response) => response.end('hello'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    open.atEnd(() => {
        server.closeAllConnections();
        server.close();
    });
    return { port: (server.address() as AddressInfo).port };
}

/** Opens connections until the server rejects one. */
async function fill(server: MemcachedProcess): Promise<Target> {
    for (let isFull = false; !isFull;) {
        const socket = server.connect();
        open.atEnd(() => socket.destroy());
        isFull = await isRejected(socket);
    }
    return { port: server.port };
}

function isRejected(socket: Socket): Promise<boolean> {
    socket.write('version\r\n');
    return new Promise(resolve => {
        socket.once('data', reply => resolve(reply.toString().startsWith('ERROR')));
        socket.on('error', () => resolve(true));
    });
}
