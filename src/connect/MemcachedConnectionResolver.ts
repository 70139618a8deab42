import { ConfigException } from 'pip-services4-commons-node';
import { ConfigParams, type IConfigurable, type IReferenceable, type IReferences } from 'pip-services4-components-node';
import { ConnectionParams } from 'pip-services4-config-node';
import type { ServerAddress } from '../client/model/ServerAddress';
import { ComponentLogger, type AnyContext } from '../component/ComponentLogger';
import type { LogLine } from '../component/logLines';
import { withTraceId } from '../component/withTraceId';
import { AccessLookup } from './AccessLookup';
import { configWarnings } from './configWarnings';
import { ConnectionReader } from './ConnectionReader';
import { ServerList } from './discovery/ServerList';
import { ConfiguredSource } from './sources/ConfiguredSource';

/** The servers of an open connection. */
export interface ResolvedServers {
    readonly servers: readonly ServerAddress[];
    /** The list that keeps them up to date. */
    readonly list: ServerList;
    /** The hosts that connections name as servers. */
    readonly listedHosts: ReadonlySet<string>;
    /** Whether TLS files may be in use, now or after another lookup of the credential. */
    readonly mayUseTlsFiles: boolean;
}

/**
 * The resolver of server addresses from configuration, discovery and credentials.
 *
 * ### Configuration parameters ###
 *
 * - `connection(s).host`, `.port`: a server; port 11211 when absent
 * - `connection(s).uri`: `memcached://[user:password@]host[:port][,host[:port]…]`, `memcacheds://…`
 *   for TLS, `unix:///path`
 *   - `memcached+srv://name`: the targets of the SRV records of `_memcache._tcp.name`
 *   - `memcached+dns://name[:port]`: the addresses of the name
 *   - `memcached+cluster://endpoint[:port]`: the servers that `config get cluster` lists
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
    private config = new ConfigParams();
    private references: IReferences | null = null;

    /** Replaces the configuration. */
    configure(config: ConfigParams): void {
        this.config = config;
    }

    /** Sets the referenced discovery and credential stores. */
    setReferences(references: IReferences): void {
        this.references = references;
    }

    /**
     * Returns the servers, each once.
     * @param warn receives each risk in a valid configuration
     * @throws ConfigException NO_CONNECTION, INVALID_CONNECTION, NO_CREDENTIAL, INVALID_CREDENTIAL
     * @throws ConnectionException CONNECT_FAILED when a source of servers does not answer
     */
    async resolve(context: AnyContext, warn: (risk: LogLine<'warn'>) => void = () => {}): Promise<ServerAddress[]> {
        const { servers } = await this.open(context, { warn, intervalMs: 0, log: new ComponentLogger() });
        return [...servers];
    }

    /** @internal Does the same, and returns the list that can follow the changes. */
    async open(context: AnyContext, options: OpenOptions): Promise<ResolvedServers> {
        const { warn, intervalMs, log, signal = new AbortController().signal } = options;
        const reader = new ConnectionReader(this.references, context);
        const credentials = new AccessLookup(this.config, this.references);
        const connections = ConnectionParams.manyFromConfig(this.config);
        const list = new ServerList(new ConfiguredSource(() => reader.readConfigured(connections)), {
            intervalMs,
            log,
            context,
            lookUpAccess: last => credentials.lookUp(context, last),
        });
        try {
            const { servers, access } = await list.open(signal);
            configWarnings(servers, access.credential, access.tls).forEach(warn);
            const { mayUseTlsFiles } = credentials;
            return { servers, list, listedHosts: new Set(reader.listedHosts), mayUseTlsFiles };
        } catch (error) {
            throw error instanceof ConfigException ? withTraceId(error, context) : error;
        }
    }
}

interface OpenOptions {
    readonly warn: (risk: LogLine<'warn'>) => void;
    /** `options.discovery_interval`, null if absent. */
    readonly intervalMs: number | null;
    readonly log: ComponentLogger;
    /** Ends the lookups when it aborts. */
    readonly signal?: AbortSignal | undefined;
}
