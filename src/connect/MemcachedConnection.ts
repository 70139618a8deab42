import {
    ConfigParams,
    type IConfigurable,
    type IOpenable,
    type IReferenceable,
    type IReferences,
    type IUnreferenceable,
} from 'pip-services4-components-node';
import { MAX_KEY_BYTES } from '../client/model/ClientOptions';
import { notOpened } from '../client/model/errors';
import type { ServerHealthReport } from '../client/server/HealthCheck';
import type { Commands } from '../client/Commands';
import { MemcachedClient } from '../client/MemcachedClient';
import type { ServerStats } from '../diagnostics/ServerMetrics';
import type { ServerAddress } from '../client/model/ServerAddress';
import { ComponentLogger, type AnyContext } from '../component/ComponentLogger';
import { DiscoveryWatcher } from './DiscoveryWatcher';
import { serversNotFound } from '../component/errors';
import { ignoredKeys } from './ignoredKeys';
import { line } from '../component/logLines';
import { lookupTimeout } from './lookupTimeout';
import { MemcachedConnectionResolver } from './MemcachedConnectionResolver';
import { misplacedOptions, readOptions, type MemcachedOptions } from './MemcachedOptions';
import { ServerLog } from './ServerLog';
import { Lifecycle } from '../util/Lifecycle';
import { onAbort } from '../util/onAbort';
import { withTraceId } from '../component/withTraceId';

/** What a connection knows of its servers. */
export interface ConnectionStats {
    /** One for each server; none before `open` and after `close`. */
    readonly servers: readonly ServerStats[];
}

/**
 * One client of one or more memcached servers, for the components that reference it. They neither open nor close it.
 *
 * ### Configuration parameters ###
 *
 * - `connection(s)`, `credential(s)`: see {@link MemcachedConnectionResolver}
 * - `options.max_key_size`, `.max_value`, `.pool_size`, `.max_pending`, `.reconnect`, `.retries`, `.request_timeout`, `.connect_timeout`, `.failures`,
 *   `.retry`, `.remove`, `.idle`, `.fail_soft`, `.discovery_interval`: see the README
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
    private watch: DiscoveryWatcher | null = null;
    private serverLog: ServerLog | null = null;
    private readonly lifecycle = new Lifecycle(notOpened);
    /** What components do with the client before it closes. */
    private readonly closeListeners = new Set<() => Promise<void> | null>();

    /** @param isShared false for the connection that a component makes of its own configuration: there the component's options are in their place */
    constructor(private readonly isShared = true) {}

    /** @throws ConfigException INVALID_OPTION */
    configure(config: ConfigParams): void {
        this.options = readOptions(config);
        this.config = config;
        this.resolver.configure(config);
    }

    /** Where it finds discovery, credentials and loggers. */
    setReferences(references: IReferences): void {
        this.log.setReferences(references);
        this.resolver.setReferences(references);
    }

    /** Forgets the loggers and what else it was given. */
    unsetReferences(): void {
        this.log.unsetReferences();
    }

    /** Discovery is asked again while it is open, so a key may get another server. */
    get followsDiscovery(): boolean {
        return this.options.discoveryInterval > 0 && this.resolver.usesDiscovery;
    }

    /** Whether there is a client. */
    isOpen(): boolean {
        return this.client?.isOpen() ?? false;
    }

    /**
     * Finds the servers and speaks to each.
     * @throws ConfigException NO_CONNECTION, INVALID_CONNECTION, NO_CREDENTIAL, INVALID_CREDENTIAL
     * @throws ConnectionException CONNECT_FAILED when none answers, unless `options.fail_soft` is set;
     * also when discovery or a credential store does not answer
     * @throws InvalidStateException NOT_OPENED when it is closed meanwhile
     */
    open(context: AnyContext): Promise<void> {
        return this.lifecycle.open(async signal => {
            try {
                await this.connect(context, signal);
            } catch (error) {
                throw withTraceId(error, context);
            }
        });
    }

    /**
     * Lets the components that share it give back what they hold in memcached, lets calls that are
     * under way finish, within `options.request_timeout`, and closes every socket.
     */
    close(_context: AnyContext): Promise<void> {
        return this.lifecycle.close(async () => {
            this.watch?.stop();
            this.watch = null;
            const farewells = [...this.closeListeners].map(farewell => farewell()).filter(pending => pending !== null);
            // A process that is about to exit gets no further turn of the event loop.
            if (farewells.length > 0) await Promise.allSettled(farewells);
            await this.disconnect();
        });
    }

    /**
     * For components that share it: `farewell` is called by `close`, which waits for it while the
     * client can still be used; null when there is nothing to do. The function that is returned takes
     * it back.
     */
    beforeClose(farewell: () => Promise<void> | null): () => void {
        this.closeListeners.add(farewell);
        return () => this.closeListeners.delete(farewell);
    }

    /** @throws InvalidStateException NOT_OPENED */
    getClient(): MemcachedClient {
        if (this.client !== null) return this.client;
        throw notOpened();
    }

    /** @internal The verbs, for components. */
    get commands(): Commands {
        return this.getClient().commands;
    }

    /** What is known of each server; it costs nobody a request. See docs/operations.md. */
    getStats(): ConnectionStats {
        return Object.freeze({ servers: Object.freeze(this.client?.getStats() ?? []) });
    }

    /**
     * Asks every server how it is, within one `request_timeout`. One that is away is told of, not rejected.
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
        this.warnOfStrayKeys(context);
        const servers = await this.lookUp(context, signal);
        signal.throwIfAborted();
        const client = (this.client = this.makeClient(context, servers));
        try {
            await client.open({ allowUnavailable: this.options.failSoft });
        } catch (error) {
            if (!signal.aborted) await this.disconnect();
            throw error;
        }
        if (!signal.aborted) this.follow(context, client);
    }

    private async disconnect(): Promise<void> {
        const { client } = this;
        this.client = null;
        await client?.close();
        this.serverLog?.stop();
    }

    private makeClient(context: AnyContext, servers: readonly ServerAddress[]): MemcachedClient {
        const { options } = this;
        this.serverLog = new ServerLog(this.log, context);
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
            // Of a connection of its own the component checks keys itself: those that it makes besides are not subject to its own limit.
            maxKeyBytes: this.isShared ? options.maxKeySize : MAX_KEY_BYTES,
            maxValueBytes: options.maxValue,
            failover: options.remove,
            observer: this.serverLog,
        });
    }

    private async lookUp(context: AnyContext, signal: AbortSignal): Promise<ServerAddress[]> {
        const limit = lookupTimeout(this.options.discoveryInterval, serversNotFound);
        const stopListening = onAbort(signal, () => limit.expire(signal.reason as Error));
        try {
            return await limit.race(this.resolver.resolve(context, risk => this.log.warn(context, risk)));
        } finally {
            limit.cancel();
            stopListening();
        }
    }

    private follow(context: AnyContext, client: MemcachedClient): void {
        const { discoveryInterval } = this.options;
        if (discoveryInterval === 0) return;
        if (!this.followsDiscovery) {
            this.log.warn(context, line('discoveryUnused'));
            return;
        }
        const ask = (): Promise<ServerAddress[]> => this.resolver.resolve(context);
        this.watch = new DiscoveryWatcher(discoveryInterval, ask, servers => client.update(servers), this.log, context);
    }

    private warnOfStrayKeys(context: AnyContext): void {
        const ignored = ignoredKeys(this.config);
        if (ignored.length > 0) this.log.warn(context, line('ignoredKeys', ignored.join(', ')));
        const misplaced = misplacedOptions(this.config, 'connection');
        if (misplaced.length > 0 && this.isShared) {
            this.log.warn(context, line('keysOfComponents', misplaced.join(', ')));
        }
    }
}
