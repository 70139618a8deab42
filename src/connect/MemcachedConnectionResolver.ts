import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { ConfigException } from 'pip-services4-commons-node';
import {
    ContextResolver,
    type ConfigParams,
    type IConfigurable,
    type IReferenceable,
    type IReferences,
} from 'pip-services4-components-node';
import { ConnectionParams, ConnectionResolver, CredentialParams, CredentialResolver } from 'pip-services4-config-node';
import { formatAddress, type Login, type ServerAddress } from '../client/ServerAddress';
import type { AnyContext } from './ComponentLog';
import { DEFAULT_PORT, checkPort, parseUri } from './ConnectionUri';

/**
 * From configuration, discovery and credentials to the addresses of servers. Shared by everything that talks to memcached.
 *
 * ### Configuration parameters ###
 *
 * - `connection(s).host`, `.port`: a server; port 11211 when absent
 * - `connection(s).uri`: `memcached://[user:password@]host[:port][,host[:port]…]`, `memcacheds://…` for TLS, `unix:///path`
 * - `connection(s).discovery_key`: look it up in every referenced discovery
 * - `connection(s).weight`: share of the keys, 1 when absent
 * - `connection(s).protocol`: `tls` for TLS
 * - `credential(s).username`, `.password`, `.store_key`: SASL PLAIN
 * - `credential(s).ssl_ca_file`, `.ssl_crt_file`, `.ssl_key_file`: PEM files for TLS
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

    /** Replaces what was configured before. */
    configure(config: ConfigParams): void {
        this.connections = ConnectionParams.manyFromConfig(config);
        this.credentials = new CredentialResolver(config, this.references);
    }

    setReferences(references: IReferences): void {
        this.references = references;
        this.credentials.setReferences(references);
    }

    /** Whether servers are looked up: then another answer may come another time. */
    get usesDiscovery(): boolean {
        return this.connections.some(connection => connection.useDiscovery());
    }

    /**
     * The servers, each once.
     * @throws ConfigException NO_CONNECTION when there is none, INVALID_CONNECTION or NO_CREDENTIAL when one cannot be used
     */
    async resolve(context: AnyContext): Promise<ServerAddress[]> {
        try {
            const credential = await this.lookup(context);
            const servers = (await this.find(context)).flatMap(connection => toServers(connection, credential));
            return [...new Map(servers.map(server => [formatAddress(server), server])).values()];
        } catch (error) {
            if (error instanceof ConfigException) error.withTraceId(ContextResolver.getTraceId(context));
            throw error;
        }
    }

    private async find(context: AnyContext): Promise<ConnectionParams[]> {
        if (this.connections.length === 0) {
            throw noConnection('configure connection.host, connection.uri or connection.discovery_key');
        }
        const found = await Promise.all(this.connections.map(one => this.expand(context, one)));
        return found.flat();
    }

    /** One by one: servers that are missing would send their keys to others, and nobody would know. */
    private async expand(context: AnyContext, connection: ConnectionParams): Promise<ConnectionParams[]> {
        if (!connection.useDiscovery()) return [connection];
        const resolver = new ConnectionResolver(null, this.references);
        resolver.add(connection);
        const found = await resolver.resolveAll(context as never);
        if (found.length > 0) return found;
        throw noConnection(`discovery knows nothing under ${connection.getDiscoveryKey()}`);
    }

    private async lookup(context: AnyContext): Promise<CredentialParams> {
        const configured = this.credentials.getAll();
        if (configured.length === 0) return new CredentialParams();
        const credential = await this.credentials.lookup(context as never);
        if (credential !== null) return credential;
        const keys = configured.map(one => one.getStoreKey()).join(', ');
        throw new ConfigException(undefined, 'NO_CREDENTIAL', `no credential store knows ${keys}`);
    }
}

function toServers(connection: ConnectionParams, credential: CredentialParams): ServerAddress[] {
    const uri = connection.getUri();
    const login = toLogin(credential.getUsername(), credential.getPassword());
    const weight = toWeight(connection.getAsNullableString('weight'));
    if (uri === null) {
        const host = connection.getHost();
        if (host === null) {
            throw new ConfigException(undefined, 'INVALID_CONNECTION', 'a connection has neither host nor uri');
        }
        const port = checkPort(connection.getAsNullableString('port') ?? DEFAULT_PORT);
        const tls = isTls(connection.getProtocol()) ? toTls(host, credential) : undefined;
        return [{ host, port, weight, login, tls }];
    }
    const { servers, isTls: isTlsUri, username, password } = parseUri(uri);
    return servers.map(server => ({
        ...server,
        weight,
        login: toLogin(username ?? null, password ?? null) ?? login,
        tls: isTlsUri ? toTls(server.host, credential) : undefined,
    }));
}

function toLogin(username: string | null, password: string | null): Login | undefined {
    if (username === null) return undefined;
    if (password !== null) return { username, password };
    throw new ConfigException(undefined, 'NO_CREDENTIAL', 'a user name is configured, but no password');
}

function toWeight(text: string | null): number {
    const weight = text === null ? 1 : Number(text);
    if (Number.isInteger(weight) && weight >= 1 && weight <= 1000) return weight;
    const message = `weight is ${text}, allowed are whole numbers from 1 to 1000`;
    throw new ConfigException(undefined, 'INVALID_CONNECTION', message);
}

function isTls(protocol: string | null): boolean {
    if (protocol === null || protocol === 'tcp' || protocol === 'memcached') return false;
    if (protocol === 'tls' || protocol === 'memcacheds') return true;
    const message = `protocol is ${protocol}, allowed are tcp and tls`;
    throw new ConfigException(undefined, 'INVALID_CONNECTION', message);
}

function toTls(host: string, credential: CredentialParams): ConnectionOptions {
    return {
        ca: readPem(credential, 'ssl_ca_file'),
        cert: readPem(credential, 'ssl_crt_file'),
        key: readPem(credential, 'ssl_key_file'),
        servername: isIP(host) ? undefined : host,
    };
}

function readPem(credential: CredentialParams, key: string): Buffer | undefined {
    const file = credential.getAsNullableString(key);
    if (file === null) return undefined;
    try {
        return readFileSync(file);
    } catch (error) {
        const message = `credential.${key} cannot be read: ${(error as Error).message}`;
        throw new ConfigException(undefined, 'NO_CREDENTIAL', message);
    }
}

function noConnection(problem: string): ConfigException {
    return new ConfigException(undefined, 'NO_CONNECTION', `there is no memcached to connect to: ${problem}`);
}
