import { execFileSync } from 'node:child_process';
import type { ServerAddress } from 'pip-services4-memcached-node';
import { readRecord } from '../../scripts/memcached.cjs';
import { createCertificate } from '../support/server/certificate';
import { MemcachedProcess, type MemcachedProcessOptions } from '../support/server/MemcachedProcess';

/** Reasons why a server lacks verbs, by the names of the verbs. */
type Lacks = Readonly<Record<string, string>>;

export interface ServerKind {
    /** The name in the table, for example `1.6.18 TLS, meta`. */
    readonly name: string;
    readonly version: string;
    readonly wish: 'auto' | 'binary' | 'meta';
    /** The protocol that the client must end up with. */
    readonly protocol: 'binary' | 'meta';
    readonly access: Pick<ServerAddress, 'tls' | 'login'>;
    readonly lacks: Lacks;
    start(): Promise<RunningServer>;
}

interface RunningServer {
    readonly port: number;
    end(): Promise<void>;
}

interface Memcached {
    readonly version: string;
    readonly command: string | undefined;
}

interface Setting
    extends Pick<ServerKind, 'name' | 'wish' | 'protocol'>, Partial<Pick<ServerKind, 'access' | 'lacks'>> {
    readonly options?: MemcachedProcessOptions;
    start?(memcached: Memcached): Promise<RunningServer>;
}

const login = { username: 'ann', password: 'hunter2' };
const certificate = createCertificate();
const tls = { ca: certificate.cert };

/** The settings that every memcached has. */
const settings: readonly Setting[] = [
    { name: 'binary', wish: 'binary', protocol: 'binary' },
    { name: 'meta', wish: 'meta', protocol: 'meta' },
    { name: 'TLS, binary', wish: 'binary', protocol: 'binary', options: { certificate }, access: { tls } },
    { name: 'TLS, meta', wish: 'meta', protocol: 'meta', options: { certificate }, access: { tls } },
    { name: 'text only (-B ascii)', wish: 'auto', protocol: 'meta', options: { args: ['-B', 'ascii'] } },
    { name: 'logins (-Y)', wish: 'auto', protocol: 'meta', options: { textLogin: login }, access: { login } },
    { name: 'SASL (-S)', wish: 'auto', protocol: 'binary', options: { login }, access: { login } },
    {
        name: 'TLS, logins (-Y)',
        wish: 'auto',
        protocol: 'meta',
        options: { certificate, textLogin: login },
        access: { tls, login },
    },
    {
        name: 'TLS, SASL (-S)',
        wish: 'auto',
        protocol: 'binary',
        options: { certificate, login },
        access: { tls, login },
    },
];

/** The proxy within memcached. Debian stable's memcached has none. */
const proxy: Setting = {
    name: 'proxy',
    wish: 'auto',
    protocol: 'meta',
    lacks: {
        flush: 'the proxy has no flush_all',
        'lock: default options': 'a lock needs one memcached (options.allow_proxy)',
    },
    start: startProxy,
};

/** Returns the command of the newest memcached, which `npm run test:servers` provides. */
export function newestMemcached(): string | undefined {
    return process.env.NEWEST_MEMCACHED;
}

/** Returns all kinds of servers, on the memcached of the checkout and on the newest one. */
export function serverKinds(): readonly ServerKind[] {
    const command = newestMemcached();
    const own = { version: readRecord().binary?.version ?? 'missing', command: undefined };
    const kinds = settings.map(setting => toKind(setting, own)).filter(canServe);
    if (command === undefined) return kinds;
    const newest = { version: versionOf(command), command };
    return [...kinds, ...[...settings, proxy].map(setting => toKind(setting, newest))];
}

/** Returns whether the version of the server has its protocol. */
function canServe({ protocol, version }: ServerKind): boolean {
    return protocol === 'binary' || version.localeCompare('1.6.18', 'en', { numeric: true }) >= 0;
}

function toKind({ options, start, ...setting }: Setting, memcached: Memcached): ServerKind {
    const { version, command } = memcached;
    return {
        access: {},
        lacks: {},
        ...setting,
        name: `${version} ${setting.name}`,
        version,
        start: () => start?.(memcached) ?? MemcachedProcess.start({ ...options, command }),
    };
}

function versionOf(command: string): string {
    return execFileSync(command, ['-V'], { encoding: 'utf8' }).trim().split(' ')[1]!;
}

/** Starts memcached's proxy in front of two servers. */
async function startProxy({ command }: Memcached): Promise<RunningServer> {
    const backends = [await MemcachedProcess.start({ command }), await MemcachedProcess.start({ command })];
    const front = await MemcachedProcess.start({ command, backends });
    const end = async () => void (await Promise.all([front, ...backends].map(server => server.end())));
    return { port: front.port, end };
}
