import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { createCertificate } from '../../support/server/certificate';
import { useOpener } from '../../support/Opener';
import { exchange, get, saslPlain, set, version } from '../../support/server/exchange';
import type { MemcachedProcess, MemcachedProcessOptions } from '../../support/server/MemcachedProcess';
import { sleep } from '../../support/sleep';

const OK = 0x00;
const NOT_FOUND = 0x01;
const TOO_LARGE = 0x03;
const AUTH_ERROR = 0x20;
const OUT_OF_MEMORY = 0x82;
const MiB = 1024 * 1024;

describe('MemcachedProcess', () => {
    const opener = useOpener();

    const start = (options?: MemcachedProcessOptions): Promise<MemcachedProcess> => opener.server(options);
    const open = (server: MemcachedProcess): Socket => opened(server.connect());

    function opened<T extends Socket>(socket: T): T {
        opener.atEnd(() => socket.destroy());
        // Some tests kill the server, so the sockets fail. The replies show the relevant outcome.
        return socket.on('error', () => {});
    }

    it('stores and returns values', async () => {
        const socket = open(await start());
        expect(await exchange(socket, set('k', 'v'))).toMatchObject({ status: OK });
        expect(await exchange(socket, get('k'))).toMatchObject({ status: OK, value: 'v' });
    });

    it('runs several servers at once, each with its own contents', async () => {
        const [first, second] = await Promise.all([start(), start()]);
        expect(first.port).not.toBe(second.port);
        await exchange(open(first), set('k', 'first'));
        expect(await exchange(open(second), get('k'))).toMatchObject({ status: NOT_FOUND });
    });

    it('listens on IPv6', async () => {
        const server = await start({ host: '::1' });
        expect(server.address).toBe(`[::1]:${server.port}`);
        expect(await exchange(open(server), version())).toMatchObject({ status: OK });
    });

    it('listens on a Unix socket, and removes it at the end', async () => {
        const server = await start({ unixSocket: true });
        expect(await exchange(open(server), version())).toMatchObject({ status: OK });
        await server.end();
        expect(await answers(server)).toBe(false);
    });

    it('accepts only its login', async () => {
        const server = await start({ login: { username: 'ann', password: 'secret' } });
        expect(await exchange(open(server), get('k'))).toMatchObject({ status: AUTH_ERROR });
        expect(await exchange(open(server), saslPlain('ann', 'guess'))).toMatchObject({ status: AUTH_ERROR });

        const socket = open(server);
        expect(await exchange(socket, saslPlain('ann', 'secret'))).toMatchObject({ status: OK });
        expect(await exchange(socket, get('k'))).toMatchObject({ status: NOT_FOUND });
    });

    it('keeps its login over a restart', async () => {
        const server = await start({ login: { username: 'ann', password: 'secret' } });
        await server.restart();
        expect(await exchange(open(server), get('k'))).toMatchObject({ status: AUTH_ERROR });
        expect(await exchange(open(server), saslPlain('ann', 'secret'))).toMatchObject({ status: OK });
    });

    it('uses TLS with its certificate', async () => {
        const certificate = createCertificate();
        const { port, host } = await start({ certificate });
        for (const servername of ['localhost', '']) {
            const socket = opened(connectTls({ port, host, servername, ca: certificate.cert }));
            await once(socket, 'secureConnect');
            expect(socket.authorized).toBe(true);
            expect(await exchange(socket, version())).toMatchObject({ status: OK });
        }
    });

    it('checks logins over TLS', async () => {
        const login = { username: 'ann', password: 'secret' };
        const server = await start({ certificate: createCertificate(), login });
        expect(await exchange(open(server), get('k'))).toMatchObject({ status: AUTH_ERROR });
        expect(await exchange(open(server), saslPlain('ann', 'secret'))).toMatchObject({ status: OK });
    });

    it('checks logins on a Unix socket', async () => {
        const server = await start({ unixSocket: true, login: { username: 'ann', password: 'secret' } });
        expect(await exchange(open(server), saslPlain('ann', 'secret'))).toMatchObject({ status: OK });
    });

    it('fails the TLS handshake with a certificate for another name', async () => {
        const certificate = createCertificate(['elsewhere.example']);
        const { port, host } = await start({ certificate });
        const socket = connectTls({ port, host, servername: 'localhost', ca: certificate.cert });
        opener.atEnd(() => socket.destroy());
        await expect(once(socket, 'secureConnect')).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
    });

    it('counts changes in the CAS, and returns 0 without CAS', async () => {
        expect((await exchange(open(await start()), set('k', 'v'))).cas).toBeGreaterThan(0n);
        expect((await exchange(open(await start({ withoutCas: true })), set('k', 'v'))).cas).toBe(0n);
    });

    it('reports that it is full without eviction', async () => {
        const socket = open(await start({ withoutEviction: true, memoryMegabytes: 2 }));
        const value = 'v'.repeat(100_000);
        let status = OK;
        for (let i = 0; i < 1000 && status === OK; i++) ({ status } = await exchange(socket, set(`k${i}`, value)));
        expect(status).toBe(OUT_OF_MEMORY);
        expect(await exchange(socket, get('k0'))).toMatchObject({ status: OK });
    });

    it('rejects values above the given limit', async () => {
        const socket = open(await start({ maxItemBytes: 2 * MiB }));
        expect(await exchange(socket, set('k', 'v'.repeat(2 * MiB)))).toMatchObject({ status: TOO_LARGE });
        expect(await exchange(socket, set('k', 'v'.repeat(1.9 * MiB)))).toMatchObject({ status: OK });
    });

    it('closes idle connections', async () => {
        const socket = open(await start({ idleTimeoutSeconds: 1 }));
        await exchange(socket, version());
        socket.resume();
        await once(socket, 'end');
    });

    it('passes any other argument to memcached', async () => {
        const server = await start({ args: ['-c', '77'] });
        const socket = open(server);
        socket.write('stats settings\r\n');
        const [reply] = (await once(socket, 'data')) as [Buffer];
        expect(reply.toString()).toContain('STAT maxconns 77\r\n');
    });

    it('is silent while suspended, and answers when it continues', async () => {
        const server = await start();
        const socket = open(server);
        await exchange(socket, version());
        await server.stop();
        const reply = exchange(socket, version());
        const other = open(server);
        await once(other, 'connect');
        expect(await Promise.race([reply, sleep(100).then(() => 'silence')])).toBe('silence');
        server.continue();
        expect(await reply).toMatchObject({ status: OK });
    });

    it('ends while it is suspended', async () => {
        const server = await start();
        await server.stop();
        await server.end();
        expect(await answers(server)).toBe(false);
    });

    it('breaks its connections when killed, and restarts empty on the same port', async () => {
        const server = await start();
        const { port, pid } = server;
        const socket = open(server);
        await exchange(socket, set('k', 'v'));

        const closed = once(socket, 'close');
        await server.kill();
        await closed;
        expect(await answers(server)).toBe(false);

        await server.restart();
        expect(server).toMatchObject({ port });
        expect(server.pid).not.toBe(pid);
        expect(await exchange(open(server), get('k'))).toMatchObject({ status: NOT_FOUND });
    });

    it('chooses another port when the first port is taken', async () => {
        const server = await start();
        const random = jest.spyOn(Math, 'random').mockReturnValueOnce((server.port - 15000 + 0.5) / 15000);
        const other = await start();
        expect(random).toHaveBeenCalled();
        expect(other.port).not.toBe(server.port);
        random.mockRestore();
    });

    it('reports the message of memcached when it does not start', async () => {
        await expect(start({ args: ['--no-such-option'] })).rejects.toThrow(/did not start: .*no-such-option/);
    });

    async function answers(server: MemcachedProcess): Promise<boolean> {
        const socket = server.connect();
        return new Promise(resolve => {
            socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
            socket.once('connect', () => socket.destroy());
        });
    }
});
