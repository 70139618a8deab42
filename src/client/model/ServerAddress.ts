import type { ConnectionOptions } from 'node:tls';

/** The address of a memcached, and how to connect to it. */
export interface ServerAddress {
    /** With `path`: the name of the server on the ring. Use the path itself, which is unique. */
    readonly host: string;
    readonly port: number;
    /** A Unix socket, used instead of host and port. */
    readonly path?: string | undefined;
    /** Share of the keys: a number greater than 0. Default: 1. */
    readonly weight?: number | undefined;
    /**
     * Options of Node's `tls.connect`; absent: no TLS. A `secureContext` reads authorities and keys
     * once instead of for each socket.
     */
    readonly tls?: ConnectionOptions | undefined;
    /** Login with SASL PLAIN. */
    readonly login?: Login | undefined;
}

/** A user name and a password for SASL PLAIN. */
export interface Login {
    readonly username: string;
    readonly password: string;
}

/** Names the server in messages and logs. */
export function formatAddress({ host, port, path }: ServerAddress): string {
    if (path !== undefined) return `unix://${path}`;
    return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
