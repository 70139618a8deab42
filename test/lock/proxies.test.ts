import { codeOf } from '../support/codeOf';
import { useOpener } from '../support/Opener';
import { handshakeOf, LineServer, type LineScript } from '../support/server/LineServer';

const open = useOpener();

const start = (script: LineScript): Promise<LineServer> => open.ending(LineServer.start(script));

describe.each(['proxy', 'managed'] as const)('a lock behind an endpoint of kind "%s"', kind => {
    it('does not open', async () => {
        const server = await start(handshakeOf(kind));
        const lock = open.lockOf(server);
        await expect(lock.open('trace')).rejects.toMatchObject({
            code: 'LOCK_BEHIND_PROXY',
            message: `a lock is not safe behind the proxy or managed endpoint 127.0.0.1:${server.port}: connect to memcached itself`,
            trace_id: 'trace',
        });
        expect(lock.isOpen()).toBe(false);
    });

    it('opens with options.allow_proxy, and logs one warning', async () => {
        const server = await start(handshakeOf(kind));
        const lock = await open.lock(server, { allow_proxy: true });
        await lock.open(null);
        expect(open.logger.count(/is not safe: it leads to more than one memcached/)).toBe(1);
    });

    it('acquires no lock when the endpoint takes the place of memcached', async () => {
        let stores = 0;
        const count: LineScript = line => {
            if (line.startsWith('add')) stores++;
            return 'EN\r\n';
        };
        const server = await start(handshakeOf('memcached', count));
        const lock = await open.lock(server, { protocol: 'meta', idle: 20 });
        server.script = handshakeOf(kind, count);
        const other = server.connections;
        while (server.connections === other) await codeOf(lock.tryAcquireLock(null, open.key));
        stores = 0;
        expect(await codeOf(lock.tryAcquireLock(null, open.key))).toBe('LOCK_BEHIND_PROXY');
        expect(stores).toBe(0);
    });
});
