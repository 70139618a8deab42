import {
    ConfigParams,
    type IConfigurable,
    type IOpenable,
    type IReferenceable,
    type IReferences,
    type IUnreferenceable,
} from 'pip-services4-components-node';
import { MAX_KEY_BYTES, type ServerObserver } from '../client/model/ClientOptions';
import { notOpened } from '../client/model/errors';
import type { ServerHealthReport } from '../client/server/ServerHealthReport';
import type { Commands } from '../client/Commands';
import { MemcachedClient } from '../client/MemcachedClient';
import type { ServerStats } from '../diagnostics/ServerMetrics';
import type { ServerAddress } from '../client/model/ServerAddress';
import { ComponentLogger, type AnyContext } from '../component/ComponentLogger';
import type { ServerList } from './discovery/ServerList';
import { ignoredKeys } from './ignoredKeys';
import { line, type LogLine } from '../component/logLines';
import { MemcachedConnectionResolver } from './MemcachedConnectionResolver';
import { misplacedOptions, readOptions, type MemcachedOptions } from './MemcachedOptions';
import { ServerLog } from './ServerLog';
import { findSharedNames } from './sources/sharedNames';
import { TlsWatcher } from './tls/TlsWatcher';
import { Lifecycle } from '../util/Lifecycle';
import { settled } from '../component/settled';
import { withTraceId } from '../component/withTraceId';

/** The counts of the servers of a connection. */
export interface ConnectionStats {
    /** The counts of each server. Empty before `open` and after `close`. */
    readonly servers: readonly ServerStats[];
}

/**
 * A client of one or more memcached servers that several components share. They reference it, and
 * neither open nor close it.
 *
 * ### Configuration parameters ###
 *
 * - `connection(s)`, `credential(s)`: see {@link MemcachedConnectionResolver}
 * - `options.*`: see docs/configuration.md, which lists the options of connections
 *
 * ### References ###
 *
 * - `*:discovery:*:*:*`, `*:credential-store:*:*:*`, `*:logger:*:*:1.0`: all optional
 */
export class MemcachedConnection implements IConfigurable, IReferenceable, IUnreferenceable, IOpenable {
    private readonly resolver = new MemcachedConnectionResolver();
    private readonly log = new ComponentLogger();
    private config = new ConfigParams();
    private options: MemcachedOptions = readOptions(this.config);
    private client: MemcachedClient | null = null;
    private list: ServerList | null = null;
    private tlsWatcher: TlsWatcher | null = null;
    private serverLog: ServerLog | null = null;
    private readonly lifecycle = new Lifecycle(notOpened);
    private readonly closeListeners = new Set<() => Promise<void> | null>();

    /** @param isShared false if a component creates the connection from its own configuration */
    constructor(private readonly isShared = true) {}

    /**
     * Reads the options and the connections.
     * @throws ConfigException INVALID_OPTION
     */
    configure(config: ConfigParams): void {
        this.options = readOptions(config);
        this.config = config;
        this.resolver.configure(config);
    }

    /** Sets the sources of servers and credentials, and the loggers. */
    setReferences(references: IReferences): void {
        this.log.setReferences(references);
        this.resolver.setReferences(references);
    }

    /** Drops the loggers. */
    unsetReferences(): void {
        this.log.unsetReferences();
    }

    /** Returns whether the servers may change while the connection is open. A key may then move. */
    get followsDiscovery(): boolean {
        return this.list?.mayChange ?? false;
    }

    /** Returns whether the client is open. */
    isOpen(): boolean {
        return this.client?.isOpen() ?? false;
    }

    /**
     * Looks up the servers and connects to each.
     * @throws ConfigException NO_CONNECTION, INVALID_CONNECTION, NO_CREDENTIAL, INVALID_CREDENTIAL
     * @throws ConnectionException CONNECT_FAILED when a source of servers, a credential store or
     *     (without `options.fail_soft`) every server fails to answer
     * @throws InvalidStateException NOT_OPENED when `close` interrupts it
     */
    open(context: AnyContext): Promise<void> {
        const opening = this.lifecycle.open(signal => this.connect(context, signal));
        return opening.catch((error: unknown) => {
            throw withTraceId(error, context);
        });
    }

    /**
     * Lets components release their locks and leases. Lets calls in flight finish, within
     * `options.request_timeout`. Then closes every socket.
     */
    close(_context: AnyContext): Promise<void> {
        return this.lifecycle.close(async () => {
            this.list?.stop();
            this.list = null;
            const pending = settled([...this.closeListeners].map(listener => listener()));
            if (pending !== null) await pending;
            await this.disconnect();
        });
    }

    /**
     * Makes `close` call `listener` while the client is still open, and wait for its promise.
     * Returns a function that removes the listener.
     * @internal
     */
    beforeClose(listener: () => Promise<void> | null): () => void {
        this.closeListeners.add(listener);
        return () => this.closeListeners.delete(listener);
    }

    /**
     * Returns the client.
     * @throws InvalidStateException NOT_OPENED
     */
    getClient(): MemcachedClient {
        if (this.client !== null) return this.client;
        throw notOpened();
    }

    /** @internal */
    get commands(): Commands {
        return this.getClient().commands;
    }

    /** Returns the counts of each server. Sends no request. See docs/operations.md. */
    getStats(): ConnectionStats {
        return Object.freeze({ servers: Object.freeze(this.client?.getStats() ?? []) });
    }

    /**
     * Asks every server for its health, within one `request_timeout` after connecting. An
     * unavailable server is a result, not a rejection.
     * @throws InvalidStateException NOT_OPENED
     */
    async checkHealth(context: AnyContext): Promise<readonly ServerHealthReport[]> {
        try {
            return await this.getClient().checkHealth();
        } catch (error) {
            throw withTraceId(error, context);
        }
    }

    private async connect(context: AnyContext, signal: AbortSignal): Promise<void> {
        this.warnOfIgnoredKeys(context);
        const { log, options } = this;
        const warn = (risk: LogLine<'warn'>): void => log.warn(context, risk);
        const intervalMs = options.discoveryInterval;
        const resolved = await this.resolver.open(context, { warn, intervalMs, log, signal });
        const { servers, list, listedHosts, mayUseTlsFiles } = resolved;
        signal.throwIfAborted();
        this.list = list;
        this.serverLog = new ServerLog(log, context);
        const client = (this.client = this.makeClient(servers, observerOf(this.serverLog, list)));
        try {
            await client.open({ allowUnavailable: options.failSoft });
        } catch (error) {
            if (!signal.aborted) await this.disconnect();
            throw error;
        }
        if (signal.aborted) return;
        if (intervalMs !== null && intervalMs > 0 && !list.mayChange) warn(line('discoveryUnused'));
        list.follow(client);
        if (mayUseTlsFiles) this.tlsWatcher = new TlsWatcher(() => list.tls, log, context);
        void findSharedNames(listedHosts, signal).then(names => names.forEach(name => warn(line('sharedName', name))));
    }

    private async disconnect(): Promise<void> {
        const { client } = this;
        this.client = null;
        this.tlsWatcher?.stop();
        this.tlsWatcher = null;
        this.list = null;
        await client?.close();
        this.serverLog?.stop();
    }

    private makeClient(servers: readonly ServerAddress[], observer: ServerObserver): MemcachedClient {
        const { options } = this;
        return new MemcachedClient(servers, {
            poolSize: options.poolSize,
            retries: options.retries,
            maxPending: options.maxPending,
            requestTimeoutMs: options.requestTimeout,
            connectTimeoutMs: options.connectTimeout,
            reconnectMs: options.reconnect,
            failures: options.failures,
            retryMs: options.retry,
            idleMs: options.idle,
            // A component checks its own keys. Its limit does not apply to the keys that it adds.
            maxKeyBytes: this.isShared ? options.maxKeySize : MAX_KEY_BYTES,
            maxValueBytes: options.maxValue,
            failover: options.remove,
            failoverTtlMs: options.removeTtl,
            protocol: options.protocol,
            observer,
        });
    }

    private warnOfIgnoredKeys(context: AnyContext): void {
        const ignored = ignoredKeys(this.config);
        if (ignored.length > 0) this.log.warn(context, line('ignoredKeys', ignored.join(', ')));
        const misplaced = misplacedOptions(this.config, 'connection');
        if (misplaced.length > 0 && this.isShared) {
            this.log.warn(context, line('keysOfComponents', misplaced.join(', ')));
        }
        if (this.options.removeTtl > 0 && !this.options.remove) this.log.warn(context, line('removeTtlUnused'));
    }
}

/** Reports each change of a server to the log and to the list. */
function observerOf(log: ServerLog, list: ServerList): ServerObserver {
    return {
        onDown(address, fault) {
            log.onDown(address, fault);
            list.onDown(address);
        },
        onUp(address) {
            log.onUp(address);
            list.onUp(address);
        },
        onIdentified: (address, identity) => log.onIdentified(address, identity),
    };
}
