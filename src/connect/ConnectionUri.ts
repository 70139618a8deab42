import { isIPv6 } from 'node:net';
import type { ServerAddress } from '../client/model/ServerAddress';
import { invalidConnection } from '../component/errors';
import { parseWholeNumber } from '../util/parse';
import { PLAIN, parseScheme, type Scheme } from './Scheme';

/** The characters that begin other parts of a uri (query, fragment, encoded character). */
export const NOT_IN_HOSTS = /[?#%]/;

const SCHEMES = 'memcached:// or memcacheds://, alone or with +srv, +dns or +cluster, or unix://';

/** A server of a uri. Its port is null if the uri has none. */
interface UriServer extends Pick<ServerAddress, 'host' | 'path'> {
    readonly port: number | null;
}

export interface ConnectionUri {
    readonly scheme: Scheme;
    readonly servers: readonly UriServer[];
    readonly username?: string | undefined;
    readonly password?: string | undefined;
}

/**
 * Parses `memcached://[user:password@]host[:port][,host[:port]…]`, `memcacheds://…` for TLS, and
 * `unix:///path`. IPv6 addresses are in brackets. Errors do not quote the uri, because any part of
 * it may hold a password.
 * @throws ConfigException INVALID_CONNECTION
 */
export function parseUri(uri: string): ConnectionUri {
    const [, name, rest] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(uri.trim()) ?? [];
    if (name === undefined || rest === undefined) throw invalidConnection('uri', SCHEMES);
    if (name.toLowerCase() === 'unix') {
        if (!rest.startsWith('/') || rest.length < 2) throw invalidConnection('uri', 'an absolute path: unix:///path');
        return { scheme: PLAIN, servers: [{ host: rest, port: 0, path: rest }] };
    }
    const scheme = parseScheme(name);
    if (scheme === null) throw invalidConnection(`uri scheme ${name.toLowerCase()}://`, SCHEMES);
    const at = rest.lastIndexOf('@');
    const servers = rest
        .slice(at + 1)
        .replace(/\/$/, '')
        .split(',')
        .map(parseServer);
    return { scheme, servers, ...(at < 0 ? {} : parseUser(rest.slice(0, at))) };
}

/** Parses a port. Throws INVALID_CONNECTION. */
export function checkPort(text: string): number {
    const port = parseWholeNumber(text, 1, 65535);
    if (port !== undefined) return port;
    throw invalidConnection(`port ${text}`, 'an integer from 1 to 65535');
}

function parseServer(text: string, index: number): UriServer {
    const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^\s:[\]/@]+))(?::(.*))?$/.exec(text.trim()) ?? [];
    const host = bracketed ?? plain;
    if (plain !== undefined && NOT_IN_HOSTS.test(plain)) {
        throw invalidConnection('uri', 'a host without ? # %, no query and no fragment');
    }
    if (host === undefined || (bracketed !== undefined && !isIPv6(bracketed))) {
        throw invalidConnection(`uri, server ${index + 1}`, 'host[:port], [IPv6] or [IPv6]:port');
    }
    if (port === undefined) return { host, port: null };
    if (!/^\d+$/.test(port)) throw invalidConnection(`uri, server ${index + 1}`, 'a number as its port');
    return { host, port: checkPort(port) };
}

function parseUser(text: string): { username: string; password: string } {
    if (text.includes(',')) throw invalidConnection('uri', 'one login before all servers, with %2C for a comma');
    const colon = text.indexOf(':');
    if (colon < 1) throw invalidConnection('uri', 'user:password before the @');
    try {
        return {
            username: decodeURIComponent(text.slice(0, colon)),
            password: decodeURIComponent(text.slice(colon + 1)),
        };
    } catch {
        throw invalidConnection('uri', 'percent-encoding in user and password');
    }
}
