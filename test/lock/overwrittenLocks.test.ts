import { useOpener } from '../support/Opener';
import { handshakeOf, LineServer } from '../support/server/LineServer';

const open = useOpener();

describe('a lock that another client deletes before the first has read its CAS', () => {
    it('counts as busy', async () => {
        const script = handshakeOf('memcached', line => {
            const opaque = / (O..)$/.exec(line)?.[1];
            if (opaque !== undefined) return `EN ${opaque}\r\n`;
            return line.startsWith('add ') ? '' : 'STORED\r\n';
        });
        const server = await open.ending(LineServer.start(script));
        const lock = await open.lock(server, { protocol: 'meta' });
        expect(await lock.tryAcquireLock(null, open.key, 1000)).toBe(false);
    });
});
