import type { ConnectionOptions } from 'node:tls';
import type { ServerTrace } from '../../diagnostics/tracing';

/** The place of a memcached server, and the settings of connections to it. */
export interface ServerAddress {
    /** The host. With a path, the unique name of the server on the ring, for example the path. */
    readonly host: string;
    /** The TCP port. */
    readonly port: number;
    /** A Unix socket. The client connects to it instead of to the host and the port. */
    readonly path?: string | undefined;
    /** The share of the keys, a number greater than 0. 1 when absent. */
    readonly weight?: number | undefined;
    /**
     * TLS, with the options of Node's `tls.connect`. A `secureContext` saves reading the
     * certificates and keys for each socket. It may be a getter, which each new socket reads.
     */
    readonly tls?: ConnectionOptions | undefined;
    /** The login for SASL PLAIN. */
    readonly login?: Login | undefined;
}

/** A login for SASL PLAIN. Neither part may contain NUL. */
export interface Login {
    /** The user name, without NUL. */
    readonly username: string;
    /** The password, without NUL. */
    readonly password: string;
}

/** Returns the name of a server in messages, logs and statistics. */
export function formatAddress({ host, port, path }: ServerAddress): string {
    if (path !== undefined) return `unix://${path}`;
    return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Returns the properties of a server in traces. */
export function describeServer(at: ServerAddress): ServerTrace {
    const { host, port, path } = at;
    return { server: formatAddress(at), ...(path === undefined ? { host, port } : { host: path }) };
}
