import * as net from 'node:net';
import * as tls from 'node:tls';
import type { ServerAddress } from './ServerAddress';

/** Opens a TCP or unix socket. What Node refuses to try at all is an error of the socket too. */
export function connect({ host, port, path, tls: secure }: ServerAddress, onread: net.OnReadOpts): net.Socket {
    const shared = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 };
    const where = path === undefined ? { host, port } : { path };
    try {
        return net.connect({ ...where, ...shared, ...(secure ? {} : { onread }) } as net.NetConnectOpts);
    } catch (error) {
        return new net.Socket().destroy(error as Error);
    }
}

/**
 * Puts TLS on a connected socket. `tls.connect` could open the socket itself, but then Node has no
 * way to reset it. The price is that TLS reads come as `data` events: Node takes no `onread` here.
 */
export function secure(socket: net.Socket, { host, tls: options }: ServerAddress): net.Socket {
    try {
        return tls.connect({ ...options, host, socket });
    } catch (error) {
        return socket.destroy(error as Error);
    }
}

/**
 * Closes the socket and makes the kernel drop what it still holds for it. After an orderly close
 * the kernel keeps on delivering that, for minutes if need be. Only TCP can be reset.
 */
export function reset(socket: net.Socket, { path }: ServerAddress): void {
    if (path !== undefined || socket.connecting || socket.destroyed) socket.destroy();
    else socket.resetAndDestroy();
}
