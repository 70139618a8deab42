import type { ConnectionOptions } from 'node:tls';

/** Where a memcached is and how it is spoken to. */
export interface ServerAddress {
    /** With a path: what the ring knows it by, different for each; the path itself is best. */
    readonly host: string;
    readonly port: number;
    /** A Unix socket, instead of host and port. */
    readonly path?: string | undefined;
    /** Share of the keys: a number above 0, 1 when absent. */
    readonly weight?: number | undefined;
    /** TLS, with what Node's `tls.connect` takes. With a `secureContext` the authorities and keys are read once, else for each socket. */
    readonly tls?: ConnectionOptions | undefined;
    /** SASL PLAIN. */
    readonly login?: Login | undefined;
}

/** A name and a password, for SASL PLAIN. */
export interface Login {
    readonly username: string;
    readonly password: string;
}

/** How the server is called in messages and in logs. */
export function formatAddress({ host, port, path }: ServerAddress): string {
    if (path !== undefined) return `unix://${path}`;
    return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
