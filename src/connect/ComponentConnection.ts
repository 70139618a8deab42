import { ConfigParams, Descriptor, type IReferences } from 'pip-services4-components-node';
import { checkKey } from '../client/model/validate';
import { invalidKey, notOpened } from '../client/model/errors';
import type { Commands } from '../client/Commands';
import type { ServerHealthReport } from '../client/server/ServerHealthReport';
import { ComponentCounters } from '../component/ComponentCounters';
import { ComponentLogger, type AnyContext } from '../component/ComponentLogger';
import { sharedNotOpened } from '../component/errors';
import { ignoredKeys } from './ignoredKeys';
import { line } from '../component/logLines';
import { MemcachedConnection, type ConnectionStats } from './MemcachedConnection';
import { withTraceId } from '../component/withTraceId';
import { misplacedOptions, readOptions, type MemcachedOptions } from './MemcachedOptions';

const NO_STATS: ConnectionStats = Object.freeze({ servers: Object.freeze([]) });
const CONNECTIONS = new Descriptor('*', 'connection', 'memcached', '*', '1.0');

/**
 * The options, the log and the connection of a cache or a lock. If its configuration has a
 * connection, the component opens and closes its own. Otherwise it only uses a referenced one.
 */
export class ComponentConnection {
    readonly log = new ComponentLogger();
    readonly counters = new ComponentCounters();
    private config = new ConfigParams();
    private references: IReferences | null = null;
    private connection: MemcachedConnection | null = null;
    private isOwner = false;
    private unsubscribe: (() => void) | null = null;
    options: MemcachedOptions = readOptions(this.config);

    /** @param onSharedClose runs when a shared connection closes before the component does */
    constructor(private readonly onSharedClose: () => Promise<void> | null) {}

    /** Reads the configuration. Throws INVALID_OPTION. */
    configure(config: ConfigParams): void {
        this.options = readOptions(config);
        this.config = config;
    }

    setReferences(references: IReferences): void {
        this.references = references;
        this.log.setReferences(references);
        this.counters.setReferences(references);
    }

    unsetReferences(): void {
        this.references = null;
        this.log.unsetReferences();
        this.counters.unsetReferences();
    }

    isOpen(): boolean {
        return this.connection?.isOpen() ?? false;
    }

    /** Opens its own connection or uses the shared one. Throws NOT_OPENED if that is not open. */
    async open(context: AnyContext): Promise<void> {
        const { connection } = this;
        if (connection !== null && this.isOwner) return connection.open(context);
        if (connection?.isOpen()) return;
        const hasOwn = this.config.getSectionNames().some(name => name === 'connection' || name === 'connections');
        const shared = hasOwn ? null : this.references?.getOneOptional<MemcachedConnection>(CONNECTIONS);
        if (shared) {
            this.warnOfIgnoredKeys(context);
            if (!shared.isOpen()) throw withTraceId(sharedNotOpened(), context);
            this.use(shared);
            return;
        }
        const own = new MemcachedConnection(false);
        own.configure(this.config);
        if (this.references !== null) own.setReferences(this.references);
        this.connection = own;
        this.isOwner = true;
        try {
            await own.open(context);
        } catch (error) {
            if (this.connection === own) this.connection = null;
            throw error;
        }
    }

    /** Uses the connection and the references of another component. Throws NOT_OPENED. */
    share(other: ComponentConnection, configure: (config: ConfigParams) => ConfigParams): void {
        const { connection, references, config } = other;
        if (connection === null) throw notOpened();
        this.configure(configure(config));
        if (references !== null) this.setReferences(references);
        this.use(connection);
    }

    async close(context: AnyContext): Promise<void> {
        const { connection, isOwner } = this;
        this.connection = null;
        this.unsubscribe?.();
        this.unsubscribe = null;
        if (isOwner) await connection?.close(context);
    }

    /** Returns whether the servers may change while the component is open. A key may then move. */
    get followsDiscovery(): boolean {
        return this.connection?.followsDiscovery ?? false;
    }

    /** Returns the commands of the client. Throws NOT_OPENED. */
    get commands(): Commands {
        if (this.connection === null) throw notOpened();
        return this.connection.commands;
    }

    getStats(): ConnectionStats {
        return this.connection?.getStats() ?? NO_STATS;
    }

    /** Asks every server for its health. Throws NOT_OPENED. */
    async checkHealth(context: AnyContext): Promise<readonly ServerHealthReport[]> {
        if (this.connection === null) throw withTraceId(notOpened(), context);
        return this.connection.checkHealth(context);
    }

    /** Returns the key with the prefix. Throws INVALID_KEY. */
    fullKey(key: string): string {
        const { prefix, maxKeySize } = this.options;
        if (typeof key !== 'string' || key === '')
            throw checkKey(key, maxKeySize) ?? invalidKey('expected at least 1 byte');
        const fullKey = prefix + key;
        // The client checks its own limit.
        if (maxKeySize < this.commands.limits.maxKeyBytes) {
            const problem = checkKey(fullKey, maxKeySize);
            if (problem !== null) throw problem;
        }
        return fullKey;
    }

    private use(shared: MemcachedConnection): void {
        this.connection = shared;
        this.isOwner = false;
        this.unsubscribe?.();
        this.unsubscribe = shared.beforeClose(this.onSharedClose);
    }

    private warnOfIgnoredKeys(context: AnyContext): void {
        const { config } = this;
        const ignored = ignoredKeys(config);
        if (ignored.length > 0) this.log.warn(context, line('ignoredKeys', ignored.join(', ')));
        const logins = config.getKeys().filter(key => /^credentials?\./.test(key) && !ignored.includes(key));
        const misplaced = [...misplacedOptions(config, 'component'), ...logins];
        if (misplaced.length > 0) this.log.warn(context, line('keysOfConnection', misplaced.join(', ')));
    }
}
