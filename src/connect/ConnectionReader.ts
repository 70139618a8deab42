import { isIP, isIPv6 } from 'node:net';
import type { IReferences } from 'pip-services4-components-node';
import type { ConnectionParams } from 'pip-services4-config-node';
import { formatAddress } from '../client/model/ServerAddress';
import type { AnyContext } from '../component/ComponentLogger';
import { invalidConnection, noConnection } from '../component/errors';
import { parseWholeNumber } from '../util/parse';
import { NOT_IN_HOSTS, checkPort, parseUri, type ConnectionUri } from './ConnectionUri';
import type { ServerSource, SourceAnswer } from './discovery/ServerSource';
import { formatScheme, parseProtocol, PLAIN, type Scheme } from './Scheme';
import { AddressSource } from './sources/AddressSource';
import { ClusterSource } from './sources/ClusterSource';
import { DiscoverySource } from './sources/DiscoverySource';
import { isHostName } from './sources/hostNames';
import type { ServerSettings } from './sources/ServerSettings';
import { SrvSource } from './sources/SrvSource';
import { toLogin } from './toLogin';

const DEFAULT_PORT = 11211;

/** The reader of connections, as the configuration or a discovery has them. */
export class ConnectionReader {
    /** The hosts of all servers that a connection names itself. */
    readonly listedHosts = new Set<string>();

    constructor(
        private readonly references: IReferences | null,
        private readonly context: AnyContext,
    ) {}

    /**
     * Returns the servers and sources of the configured connections.
     * @throws ConfigException NO_CONNECTION, INVALID_CONNECTION, NO_CREDENTIAL for a login in a uri
     */
    readConfigured(connections: readonly ConnectionParams[]): SourceAnswer {
        if (connections.length === 0) {
            throw noConnection('expected connection.host, connection.uri or connection.discovery_key');
        }
        return merge(connections.map(one => (one.useDiscovery() ? this.readKey(one) : this.read(one))));
    }

    private readKey(connection: ConnectionParams): SourceAnswer {
        const isTls = schemeOf(connection)?.isTls ?? false;
        const readFound = (found: readonly ConnectionParams[]): SourceAnswer => {
            if (isTls && !found.every(one => schemeOf(one)?.isTls)) {
                const what = `protocol of a server for discovery_key ${connection.getDiscoveryKey()}`;
                throw invalidConnection(what, 'tls, as beside the key');
            }
            return merge(found.map(one => this.read(one)));
        };
        const source = new DiscoverySource(connection, this.references, this.context, readFound);
        return { servers: [], sources: [source] };
    }

    private read(connection: ConnectionParams): SourceAnswer {
        const { scheme, servers, username, password } = addressesOf(connection);
        const login = toLogin(username ?? null, password || null);
        const weight = toWeight(connection.getAsNullableString('weight'));
        const settings = { weight, login, isTls: scheme.isTls };
        if (scheme.finding !== 'listed') return { servers: [], sources: [toSource(scheme, servers, settings)] };
        for (const { host, path } of servers) if (path === undefined) this.listedHosts.add(host);
        return { servers: servers.map(server => ({ ...settings, ...server, port: server.port ?? DEFAULT_PORT })) };
    }
}

function merge(answers: readonly SourceAnswer[]): SourceAnswer {
    return {
        servers: answers.flatMap(({ servers }) => servers),
        sources: answers.flatMap(({ sources = [] }) => sources),
    };
}

/** Returns the addresses of a connection, however it is written. */
function addressesOf(connection: ConnectionParams): ConnectionUri {
    const uri = connection.getUri();
    const scheme = schemeOf(connection);
    if (uri === null) {
        const host = checkHost(connection.getHost());
        const port = connection.getAsNullableString('port');
        return { scheme: scheme ?? PLAIN, servers: [{ host, port: port ? checkPort(port) : null }] };
    }
    const parsed = parseUri(uri);
    checkBeside(scheme, parsed.scheme, connection);
    return parsed;
}

/** Checks the protocol beside a uri. It may demand TLS, or repeat how the servers are found. */
function checkBeside(protocol: Scheme | null, uri: Scheme, connection: ConnectionParams): void {
    if (protocol === null) return;
    const isOther = protocol.finding !== 'listed' && protocol.finding !== uri.finding;
    if (!isOther && (uri.isTls || !protocol.isTls)) return;
    const finding = protocol.finding === 'listed' ? uri.finding : protocol.finding;
    const expected = formatScheme({ finding, isTls: protocol.isTls });
    throw invalidConnection(`uri beside protocol ${connection.getProtocol()}`, `${expected}://`);
}

function toSource(scheme: Scheme, servers: ConnectionUri['servers'], settings: ServerSettings): ServerSource {
    const what = `connection with ${formatScheme(scheme)}`;
    const [{ host: text, port }] = servers as [ConnectionUri['servers'][number]];
    if (servers.length > 1) throw invalidConnection(what, 'one name, and further names in connections');
    const host = text.replace(/\.$/, '');
    const id = JSON.stringify([scheme.finding, host, port, settings]);
    if (scheme.finding === 'srv') {
        if (port !== null) throw invalidConnection(what, 'no port, because the SRV records have it');
        checkName(what, host);
        return new SrvSource(id, `${formatScheme(scheme)}://${host}`, host, settings);
    }
    const at = { host, port: port ?? DEFAULT_PORT };
    const name = `${formatScheme(scheme)}://${formatAddress(at)}`;
    if (scheme.finding === 'cluster') return new ClusterSource(id, name, at.host, at.port, settings);
    checkName(what, host);
    return new AddressSource(id, name, at.host, at.port, settings);
}

function checkName(what: string, host: string): void {
    if (isIP(host) !== 0) throw invalidConnection(what, 'a name, not an address');
    if (!isHostName(host)) throw invalidConnection(what, 'a DNS name: labels of up to 63 characters');
}

/** Returns the host. Rejects a uri, whose password would get into error messages. */
function checkHost(host: string | null): string {
    if (host === null) throw invalidConnection('connection', 'host, uri or discovery_key');
    const [, prefix] = /^(dns|dnssrv|dnssrvnoa)\+/.exec(host) ?? [];
    if (prefix !== undefined) {
        const scheme = prefix === 'dns' ? 'memcached+dns://name:port' : 'memcached+srv://_port._tcp.name';
        throw invalidConnection(`host with ${prefix}+`, `uri: ${scheme}`);
    }
    if (isIPv6(host) || (/^[^\s:[\]/@,]+$/.test(host) && !NOT_IN_HOSTS.test(host))) return host;
    const expected =
        'a name or an address, with the port in port, the login in credential, more servers in connections';
    throw invalidConnection('host', expected);
}

function toWeight(text: string | null): number {
    const weight = parseWholeNumber(text ?? '1', 1, 1000);
    if (weight !== undefined) return weight;
    throw invalidConnection(`weight ${text}`, 'an integer from 1 to 1000');
}

/** Returns the meaning of `connection.protocol`, null if it is absent. */
function schemeOf(connection: ConnectionParams): Scheme | null {
    const protocol = connection.getProtocol();
    if (protocol === null) return null;
    const scheme = parseProtocol(protocol);
    if (scheme !== null) return scheme;
    throw invalidConnection(
        `protocol ${protocol}`,
        'tcp or tls, or memcached or memcacheds with +srv, +dns or +cluster',
    );
}
