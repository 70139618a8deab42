import type { ConnectionOptions } from 'node:tls';
import type { ServerTrace } from '../../diagnostics/tracing';
import { describe, invalidServers } from './errors';
import { findUnknown, isOptions } from '../../util/options';

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

const NAMES = { host: true, port: true, path: true, weight: true, tls: true, login: true } satisfies {
    [Name in keyof ServerAddress]-?: true;
};

/**
 * Returns a copy of the servers, so that a later change of the list or of a server has no effect
 * before the next update. Checks the types of all parts but `weight` and the texts of `login`. The
 * errors quote no host, because a uri in its place may hold a password.
 * @throws ConfigException INVALID_CONNECTION
 */
export function readServers(addresses: unknown): ServerAddress[] {
    if (!Array.isArray(addresses)) {
        throw invalidServers(
            `servers ${describe(addresses)}`,
            'a list, such as [{ host: "localhost", port: 11211 }] (a uri is for MemcachedConnection)',
        );
    }
    return Array.from(addresses, (at, index) => readServer(`servers[${index}]`, at));
}

function readServer(what: string, at: unknown): ServerAddress {
    if (!isOptions(at)) throw invalidServers(`${what} ${describe(at)}`, 'a plain object { host, port }');
    const unknown = findUnknown(at, NAMES);
    if (unknown !== undefined) throw invalidServers(`${what}.${unknown}`, `one of ${Object.keys(NAMES).join(', ')}`);
    const { host, port, path, weight, tls, login } = at;
    const isPort = Number.isInteger(port) && Number(port) <= 65535 && Number(port) >= (path === undefined ? 1 : 0);
    if (!isText(host)) throw invalidServers(`${what}.host`, 'a name or an address');
    if (!isPort) throw invalidServers(`${what}.port ${describe(port)}`, 'an integer from 1 to 65535');
    if (path !== undefined && !isText(path)) throw invalidServers(`${what}.path`, 'the path of a Unix socket');
    if (tls !== undefined && !isOptions(tls)) {
        throw invalidServers(`${what}.tls`, 'an object with options of tls.connect');
    }
    if (login !== undefined && !isOptions(login)) {
        throw invalidServers(`${what}.login`, 'an object { username, password }');
    }
    const copy = login && { username: login.username, password: login.password };
    return { host, port, path, weight, tls, login: copy } as ServerAddress;
}

function isText(value: unknown): boolean {
    return typeof value === 'string' && value !== '';
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
