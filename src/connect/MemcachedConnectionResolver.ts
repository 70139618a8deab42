import { isIPv6 } from 'node:net';
import { ConfigException } from 'pip-services4-commons-node';
import { ConfigParams, type IConfigurable, type IReferenceable, type IReferences } from 'pip-services4-components-node';
import { ConnectionParams, ConnectionResolver, CredentialParams, CredentialResolver } from 'pip-services4-config-node';
import { formatAddress, type Login, type ServerAddress } from '../client/model/ServerAddress';
import type { AnyContext } from '../component/ComponentLogger';
import { configWarnings } from './configWarnings';
import { DEFAULT_PORT, NOT_IN_HOSTS, checkPort, parseUri } from './ConnectionUri';
import { incompleteLogin, invalidConnection, noConnection, noCredential } from '../component/errors';
import type { LogLine } from '../component/logLines';
import { TLS_FILE_KEYS, TlsSettings } from './tls/TlsSettings';
import { parseWholeNumber } from '../util/parseWholeNumber';
import { withTraceId } from '../component/withTraceId';

/**
 * The resolver of server addresses from configuration, discovery and credentials.
 *
 * ### Configuration parameters ###
 *
 * - `connection(s).host`, `.port`: a server; port 11211 when absent
 * - `connection(s).uri`: `memcached://[user:password@]host[:port][,host[:port]…]`, `memcacheds://…`
 *   for TLS, `unix:///path`
 * - `connection(s).discovery_key`: looks up connections in every referenced discovery
 * - `connection(s).weight`: share of the keys, 1 when absent
 * - `connection(s).protocol`: `tls` for TLS, also of every connection from a `discovery_key`
 * - `credential(s).username`, `.password`: SASL PLAIN
 * - `credential(s).store_key`: looks up the credential, which overrides the keys beside this one
 * - `credential(s).ssl_ca_file`: PEM file with the trusted authorities, instead of those of Node.js
 * - `credential(s).ssl_crt_file`, `.ssl_key_file`: PEM files with a client certificate and its key
 * - `credential(s).ssl_server_name`: the name in the server's certificate; the host when absent
 * - `credential(s).ssl_verify`: false accepts any certificate, with a warning; true when absent
 *
 * ### References ###
 *
 * - `*:discovery:*:*:*` for `discovery_key`
 * - `*:credential-store:*:*:*` for `store_key`
 */
export class MemcachedConnectionResolver implements IConfigurable, IReferenceable {
    private connections: ConnectionParams[] = [];
    private credentials = new CredentialResolver();
    private references: IReferences | null = null;
    /** The TLS settings of the last successful lookup. */
    private tls: TlsSettings | null = null;

    /** Replaces the configuration. */
    configure(config: ConfigParams): void {
        this.connections = ConnectionParams.manyFromConfig(config);
        this.tls = null;
        this.credentials = new CredentialResolver(config, this.references);
    }

    /** Sets the referenced discovery and credential stores. */
    setReferences(references: IReferences): void {
        this.references = references;
        this.credentials.setReferences(references);
    }

    /** @internal The TLS settings of the last successful lookup. */
    get tlsSettings(): TlsSettings | null {
        return this.tls;
    }

    /** Returns whether TLS files may be in use, now or after another lookup of the credential. */
    get mayUseTlsFiles(): boolean {
        const has = (credential: CredentialParams, key: string): boolean => !!credential.getAsNullableString(key);
        return this.credentials
            .getAll()
            .some(one => one.useCredentialStore() || TLS_FILE_KEYS.some(key => has(one, key)));
    }

    /** Returns whether discovery provides the servers. Its next reply may differ. */
    get usesDiscovery(): boolean {
        return this.connections.some(connection => connection.useDiscovery());
    }

    /**
     * Returns the servers, each once.
     * @param warn receives each risk in a valid configuration
     * @throws ConfigException NO_CONNECTION, INVALID_CONNECTION, NO_CREDENTIAL, INVALID_CREDENTIAL
     */
    resolve(context: AnyContext, warn: (risk: LogLine<'warn'>) => void = () => {}): Promise<ServerAddress[]> {
        if (this.tls?.hasOldFiles()) this.tls = null;
        return this.resolveAgain(context, warn);
    }

    /**
     * Does the same, but leaves changes of the TLS files to `TlsSettings.refresh`.
     * @internal
     */
    async resolveAgain(
        context: AnyContext,
        warn: (risk: LogLine<'warn'>) => void = () => {},
    ): Promise<ServerAddress[]> {
        try {
            const credential = await this.lookUpCredential(context);
            const tls = this.tls?.matches(credential) ? this.tls : new TlsSettings(credential);
            const found = (await this.findAll(context)).flatMap(connection => toServers(connection, credential, tls));
            this.tls = tls;
            const servers = [...new Map(found.map(server => [formatAddress(server), server])).values()];
            configWarnings(servers, credential, tls).forEach(warn);
            return servers;
        } catch (error) {
            throw error instanceof ConfigException ? withTraceId(error, context) : error;
        }
    }

    private async findAll(context: AnyContext): Promise<ConnectionParams[]> {
        if (this.connections.length === 0) {
            throw noConnection('expected connection.host, connection.uri or connection.discovery_key');
        }
        const found = await Promise.all(this.connections.map(one => this.expand(context, one)));
        return found.flat();
    }

    /** Looks up one key at a time. A lookup of all keys would hide a key without servers. */
    private async expand(context: AnyContext, connection: ConnectionParams): Promise<ConnectionParams[]> {
        if (!connection.useDiscovery()) return [connection];
        const resolver = new ConnectionResolver(null, this.references);
        resolver.add(connection);
        const found = await resolver.resolveAll(context as never);
        if (found.length === 0)
            throw noConnection(`discovery has none for discovery_key ${connection.getDiscoveryKey()}`);
        if (isTls(connection.getProtocol()) && !found.every(one => isTls(one.getProtocol()))) {
            const what = `protocol of a server for discovery_key ${connection.getDiscoveryKey()}`;
            throw invalidConnection(what, 'tls, as beside the key');
        }
        return found;
    }

    private async lookUpCredential(context: AnyContext): Promise<CredentialParams> {
        const configured = this.credentials.getAll();
        if (configured.length === 0) return new CredentialParams();
        const credential = await this.credentials.lookup(context as never);
        if (credential !== null) {
            const beside = configured.find(one => one.useCredentialStore());
            if (beside === undefined || configured.includes(credential)) return credential;
            return new CredentialParams(ConfigParams.mergeConfigs(beside, credential));
        }
        const keys = configured.map(one => one.getStoreKey()).join(', ');
        throw noCredential(`no credential found: expected ${keys} in a credential store`);
    }
}

function toServers(connection: ConnectionParams, credential: CredentialParams, tls: TlsSettings): ServerAddress[] {
    const uri = connection.getUri();
    const isTlsProtocol = isTls(connection.getProtocol());
    const login = toLogin(credential.getUsername(), credential.getPassword());
    const weight = toWeight(connection.getAsNullableString('weight'));
    if (uri === null) {
        const host = checkHost(connection.getHost());
        const port = checkPort(connection.getAsNullableString('port') ?? String(DEFAULT_PORT));
        return [{ host, port, weight, login, tls: isTlsProtocol ? tls.toOptions(host) : undefined }];
    }
    const { servers, isTls: isTlsUri, username, password } = parseUri(uri);
    if (isTlsProtocol && !isTlsUri) throw invalidConnection('uri beside protocol tls', 'memcacheds://');
    return servers.map(server => ({
        ...server,
        weight,
        login: toLogin(username ?? null, password || null) ?? login,
        tls: isTlsUri ? tls.toOptions(server.host) : undefined,
    }));
}

function toLogin(username: string | null, password: string | null): Login | undefined {
    if (username === null && password === null) return undefined;
    if (username !== null && password !== null) return { username, password };
    throw username === null ? incompleteLogin('password', 'user name') : incompleteLogin('user name', 'password');
}

/** Returns the host. Rejects a uri, whose password would get into error messages. */
function checkHost(host: string | null): string {
    if (host === null) throw invalidConnection('connection', 'host, uri or discovery_key');
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

function isTls(protocol: string | null): boolean {
    if (protocol === null || protocol === 'tcp' || protocol === 'memcached') return false;
    if (protocol === 'tls' || protocol === 'memcacheds') return true;
    throw invalidConnection(`protocol ${protocol}`, 'tcp or tls');
}
