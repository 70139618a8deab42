import * as net from 'node:net';
import * as tls from 'node:tls';
import type { ServerAddress } from '../model/ServerAddress';

/** Node takes no less for one address of a name. */
const MIN_ATTEMPT_MS = 10;

/** Opens a TCP or unix socket. What Node refuses to try at all is an error of the socket too. */
export function connect(
    { host, port, path, tls: secure }: ServerAddress,
    { connectTimeoutMs }: { readonly connectTimeoutMs: number },
    onread: net.OnReadOpts,
): net.Socket {
    const shared = {
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: 30_000,
        autoSelectFamilyAttemptTimeout: attemptMs(connectTimeoutMs),
    };
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

/**
 * Node tries the addresses of a name in turn. Each but the last has so many ms, 250 by default:
 * four that drop packets must leave some of the time for a fifth.
 */
function attemptMs(connectTimeoutMs: number): number {
    const shareMs = Math.floor(connectTimeoutMs / 5);
    return Math.max(MIN_ATTEMPT_MS, Math.min(shareMs, net.getDefaultAutoSelectFamilyAttemptTimeout()));
}
