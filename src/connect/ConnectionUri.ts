import { isIPv6 } from 'node:net';
import { invalidConnection, invalidUri } from '../component/errors';
import { parseWholeNumber } from '../util/parseWholeNumber';

export const DEFAULT_PORT = 11211;

/** Of other uris: a query, a fragment, an encoded character. */
export const NOT_IN_NAMES = /[?#%]/;

export interface UriServer {
    readonly host: string;
    readonly port: number;
    readonly path?: string;
}

export interface ConnectionUri {
    readonly servers: readonly UriServer[];
    readonly isTls: boolean;
    readonly username?: string;
    readonly password?: string;
}

/**
 * Reads `memcached://[user:password@]host[:port][,host[:port]…]`, `memcacheds://…` for TLS, and `unix:///path`. IPv6 addresses stand
 * in brackets. What is wrong is said without quoting the uri: it may hold a password, also where a server should be.
 *
 * @throws ConfigException INVALID_CONNECTION
 */
export function parseUri(uri: string): ConnectionUri {
    const [, name, rest] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(uri.trim()) ?? [];
    const scheme = name?.toLowerCase();
    if (scheme === undefined || rest === undefined) {
        throw invalidUri('it does not begin with memcached://, memcacheds:// or unix://');
    }
    if (scheme === 'unix') {
        if (!rest.startsWith('/') || rest.length < 2) throw invalidUri('unix:// wants an absolute path: unix:///path');
        return { servers: [{ host: rest, port: 0, path: rest }], isTls: false };
    }
    if (scheme !== 'memcached' && scheme !== 'memcacheds') {
        throw invalidUri(`unknown scheme ${scheme}://, known are memcached://, memcacheds:// and unix://`);
    }
    const at = rest.lastIndexOf('@');
    const servers = rest
        .slice(at + 1)
        .replace(/\/$/, '')
        .split(',')
        .map(parseServer);
    return { servers, isTls: scheme === 'memcacheds', ...(at < 0 ? {} : parseUser(rest.slice(0, at))) };
}

/** @throws ConfigException INVALID_CONNECTION */
export function checkPort(text: string): number {
    const port = parseWholeNumber(text, 1, 65535);
    if (port !== undefined) return port;
    throw invalidConnection(`port is ${text}, allowed are 1 to 65535`);
}

function parseServer(text: string, index: number): UriServer {
    const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^\s:[\]/@]+))(?::(.*))?$/.exec(text.trim()) ?? [];
    const host = bracketed ?? plain;
    if (plain !== undefined && NOT_IN_NAMES.test(plain)) {
        throw invalidUri('a host holds one of ? # %: a uri has no query, no fragment and no encoded host');
    }
    const where = `server ${index + 1} of it`;
    if (host === undefined || (bracketed !== undefined && !isIPv6(bracketed))) {
        throw invalidUri(`${where} is no host[:port], [IPv6] or [IPv6]:port`);
    }
    if (port === undefined) return { host, port: DEFAULT_PORT };
    if (!/^\d+$/.test(port)) throw invalidUri(`the port of ${where} is no number`);
    return { host, port: checkPort(port) };
}

function parseUser(text: string): { username: string; password: string } {
    if (text.includes(',')) {
        throw invalidUri('one login stands before all servers, and a comma in it is written as %2C');
    }
    const colon = text.indexOf(':');
    if (colon < 1) throw invalidUri('before the @ it wants user:password');
    try {
        return {
            username: decodeURIComponent(text.slice(0, colon)),
            password: decodeURIComponent(text.slice(colon + 1)),
        };
    } catch {
        throw invalidUri('user or password is not percent-encoded as it should be');
    }
}
