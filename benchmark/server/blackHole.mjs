import { connect, createServer } from 'node:net';

import { startMemcached } from './memcached.mjs';

/**
 * Runs `work` with the port of a server that passes requests to memcached until `swallow()`. After
 * that it passes only handshakes, the first bytes of a connection. It reads all bytes, so it causes
 * no backpressure.
 */
export async function withBlackHole(work) {
    const memcached = await startMemcached();
    const sockets = new Set();
    let isSwallowing = false;
    const server = createServer(socket => {
        const upstream = connect(memcached.port, '127.0.0.1');
        let hasHandshake = false;
        socket.on('data', chunk => {
            if (!isSwallowing || !hasHandshake) upstream.write(chunk);
            hasHandshake = true;
        });
        upstream.pipe(socket);
        for (const [end, other] of [
            [socket, upstream],
            [upstream, socket],
        ]) {
            sockets.add(end);
            end.on('error', () => {});
            end.on('close', () => {
                sockets.delete(end);
                other.destroy();
            });
        }
    });
    await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
    try {
        await work(server.address().port, () => (isSwallowing = true));
    } finally {
        for (const socket of sockets) socket.destroy();
        await new Promise(resolve => server.close(resolve));
        await memcached.stop();
    }
}
