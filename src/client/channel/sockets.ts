import * as net from 'node:net';
import * as tls from 'node:tls';
import type { ServerAddress } from '../model/ServerAddress';

/** Opens a TCP or unix socket. An exception of Node becomes an error of the socket. */
export function connect(
    { host, port, path, tls: secure }: ServerAddress,
    { connectTimeoutMs }: { readonly connectTimeoutMs: number },
    onread: net.OnReadOpts,
): net.Socket {
    // Node tries the addresses of a name in turn. Each but the last gets this time, 250 ms by
    // default and 10 ms at least. Four that drop packets must leave time for a fifth.
    const attemptMs = Math.min(Math.floor(connectTimeoutMs / 5), net.getDefaultAutoSelectFamilyAttemptTimeout());
    const options = {
        ...(path === undefined ? { host, port } : { path }),
        ...(secure ? {} : { onread }),
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: 30_000,
        autoSelectFamilyAttemptTimeout: Math.max(10, attemptMs),
    };
    try {
        return net.connect(options as net.NetConnectOpts);
    } catch (error) {
        return new net.Socket().destroy(error as Error);
    }
}

/**
 * Puts TLS on a connected socket. The client cannot reset a socket that `tls.connect` opens itself.
 * TLS has no `onread` here, so its bytes arrive as `data` events.
 */
export function startTls(socket: net.Socket, { host, tls: options }: ServerAddress): net.Socket {
    try {
        return tls.connect({ ...options, host, socket });
    } catch (error) {
        return socket.destroy(error as Error);
    }
}

/**
 * Closes the socket and makes the kernel drop its unsent bytes. After an orderly close the kernel
 * would deliver them, for minutes if need be. Only TCP has a reset.
 */
export function reset(socket: net.Socket, { path }: ServerAddress): void {
    if (path !== undefined || socket.connecting || socket.destroyed) socket.destroy();
    else socket.resetAndDestroy();
}
