import type {
    ConfigParams,
    IConfigurable,
    IOpenable,
    IReferenceable,
    IReferences,
    IUnreferenceable,
} from 'pip-services4-components-node';
import type { ICache } from 'pip-services4-logic-node';
import type { ServerHealthReport } from '../client/server/ServerHealthReport';
import { notOpened } from '../client/model/errors';
import type { AnyContext } from '../component/ComponentLogger';
import { withTraceId } from '../component/withTraceId';
import { ComponentConnection } from '../connect/ComponentConnection';
import type { ConnectionStats } from '../connect/MemcachedConnection';
import { settled } from '../component/settled';
import { AtomicVerbs, type Amount, type CountOptions } from './AtomicVerbs';
import { BatchVerbs, type Entries } from './BatchVerbs';
import { CacheEngine } from './engine/CacheEngine';
import type { CacheCounts } from './engine/CacheMetrics';
import type { Loaded, Loader, LoadOptions } from './load/LoadOptions';
import { LoadThrough } from './load/LoadThrough';
import type { PendingLoads } from './load/PendingLoad';
import { UpdateVerbs, type Change } from './UpdateVerbs';
import { ValueVerbs } from './ValueVerbs';

/** A snapshot of the counts of a cache component and of its servers. */
export interface CacheStats extends CacheCounts, ConnectionStats {}

/**
 * A cache that the instances of a service share. It stores values as JSON text, which services in
 * other languages read, and `Buffer` and `Uint8Array` as bytes. A miss is null. An error never
 * becomes a miss, unless `options.fail_soft` is set.
 *
 * ### Configuration parameters ###
 *
 * - `connection(s)`, `credential(s)` (see {@link MemcachedConnectionResolver}). Without a
 *   connection of its own the cache uses a referenced one.
 * - `options.*`: see docs/configuration.md
 *
 * ### References ###
 *
 * All optional: `*:connection:memcached:*:1.0`, `*:discovery:*:*:*`, `*:credential-store:*:*:*`,
 * `*:logger:*:*:1.0`, `*:counters:*:*:1.0`
 *
 * @example
 * const cache = new MemcachedCache();
 * cache.configure(ConfigParams.fromTuples('connection.host', 'localhost', 'options.prefix', 'my-service:'));
 * await cache.open(null);
 * await cache.store(null, 'key', { any: 'value' }, 5000);
 * const value = await cache.retrieve(null, 'key');
 * await cache.close(null);
 */
export class MemcachedCache implements ICache, IConfigurable, IReferenceable, IUnreferenceable, IOpenable {
    private readonly connection: ComponentConnection = new ComponentConnection(() => this.finishCalls());
    private readonly loads: PendingLoads = new Map();
    private readonly engine = new CacheEngine(this.connection, this.loads);
    private readonly values = new ValueVerbs(this.engine);
    private readonly atomics = new AtomicVerbs(this.engine);
    private readonly updates = new UpdateVerbs(this.engine);
    private readonly batches = new BatchVerbs(this.engine);
    private readonly loadThrough = new LoadThrough(this.engine, this.loads);
    /** Ends the loads, and lets waiting calls send their requests. Returns null if no work is left. */
    private readonly finishCalls = (): Promise<void> | null => this.loadThrough.stop(this.engine.sendPending());
    /** The close that has not resolved yet. An `open` waits for it. */
    private closing: Promise<void> | null = null;
    /** The number of closes. An `open` that waits for one rejects when another one begins. */
    private closes = 0;

    /**
     * Applies the options.
     * @throws ConfigException INVALID_OPTION
     */
    configure(config: ConfigParams): void {
        this.connection.configure(config);
        this.engine.configure();
    }

    /** Sets the references to a connection, discovery, credential stores, loggers and counters. */
    setReferences(references: IReferences): void {
        this.connection.setReferences(references);
    }

    /** Drops all references. */
    unsetReferences(): void {
        this.connection.unsetReferences();
    }

    /** Returns whether the connection of the cache is open. */
    isOpen(): boolean {
        return this.connection.isOpen();
    }

    /**
     * Opens the connection, unless the cache uses a shared one.
     * @throws ConfigException NO_CONNECTION, INVALID_CONNECTION, NO_CREDENTIAL
     * @throws ConnectionException CONNECT_FAILED when no server answers, unless `fail_soft` is set
     */
    async open(context: AnyContext): Promise<void> {
        const { closes } = this;
        if (this.closing !== null) await this.closing.catch(() => {});
        if (this.closes !== closes) throw withTraceId(notOpened(), context);
        if (!this.isOpen()) this.engine.keys.reset();
        return this.connection.open(context);
    }

    /**
     * Closes the cache and its own connection, but not a shared one. Pending calls may finish
     * first. The cache still stores loaded values.
     */
    close(context: AnyContext): Promise<void> {
        this.closes++;
        this.updates.stop();
        const pending = settled([this.closing, this.finishCalls()]);
        const end = (): Promise<void> => this.connection.close(context);
        const closing = pending === null ? end() : pending.then(end);
        this.closing = closing;
        return closing.finally(() => {
            if (this.closing === closing) this.closing = null;
        });
    }

    /**
     * Returns a cache on the open connection of this one, with its references.
     * @param configure returns the configuration of the new cache, given that of this one
     * @internal
     */
    share(configure: (config: ConfigParams) => ConfigParams): MemcachedCache {
        const cache = new MemcachedCache();
        cache.connection.share(this.connection, configure);
        cache.engine.configure();
        return cache;
    }

    /** Returns counts and the state of each server without a request. See docs/operations.md. */
    getStats(): CacheStats {
        return Object.freeze({ ...this.engine.metrics.counts, ...this.connection.getStats() });
    }

    /**
     * Probes every server. Resolves within one `request_timeout` after connecting. Reports
     * unreachable servers and does not throw for them.
     * @throws InvalidStateException NOT_OPENED
     */
    checkHealth(context: AnyContext): Promise<readonly ServerHealthReport[]> {
        return this.connection.checkHealth(context);
    }

    /** Returns the value, or null on a miss. */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- ICache's signature
    retrieve(context: AnyContext, key: string): Promise<any> {
        return this.values.retrieve(context, key);
    }

    /**
     * Stores the value and returns it. Null and undefined remove the entry.
     * @param timeout in ms, rounded up to seconds. Absent, 0 or negative: `options.timeout`
     */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- ICache's signature
    store(context: AnyContext, key: string, value: any, timeout?: number | null): Promise<any> {
        return this.values.store(context, key, value, timeout);
    }

    /** Removes the entry and returns its value, or null if there is none. */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- ICache's signature
    remove(context: AnyContext, key: string): Promise<any> {
        return this.values.remove(context, key);
    }

    /**
     * Returns the value. On a miss calls the loader, stores its value for `timeout` ms, and returns
     * it without waiting for the store. One loader runs for all callers in all processes that miss
     * the key. The cache keeps no errors. While memcached is unavailable, each process calls its
     * loader.
     *
     * Callers that wait for the same load get the same object and must not change it. The options
     * of the first caller apply to the load. See docs/cache.md.
     * @param timeout in ms. Absent, 0 or negative: `options.timeout`. See also `jitter`
     * @throws InvocationException LOAD_TIMEOUT when the loader takes longer than `loadTimeout`
     */
    retrieveOrLoad<T>(
        context: AnyContext,
        key: string,
        timeout: number | null | undefined,
        loader: Loader<T>,
        options?: LoadOptions | null,
    ): Promise<Loaded<T>> {
        return this.loadThrough.retrieve(context, key, timeout, loader, options) as Promise<Loaded<T>>;
    }

    /**
     * Returns the values that exist, in the order of their keys.
     * @throws BatchException BATCH_FAILED when keys fail, with the other values in `found`
     */
    retrieveMany<T = unknown>(context: AnyContext, keys: Iterable<string>): Promise<Map<string, T>> {
        return this.batches.retrieve(context, keys) as Promise<Map<string, T>>;
    }

    /**
     * Stores the values. Null and undefined remove their entries.
     * @param entries a Map, a plain object, or pairs
     * @throws BatchException BATCH_FAILED when keys fail, with their errors in `failed`
     */
    storeMany(context: AnyContext, entries: Entries, timeout?: number | null): Promise<void> {
        return this.batches.store(context, entries, timeout);
    }

    /**
     * Removes the entries.
     * @throws BatchException BATCH_FAILED when keys fail, with their errors in `failed`
     */
    removeMany(context: AnyContext, keys: Iterable<string>): Promise<void> {
        return this.batches.remove(context, keys);
    }

    /** Returns whether there is a value. */
    async contains(context: AnyContext, key: string): Promise<boolean> {
        return (await this.retrieve(context, key)) !== null;
    }

    /** Changes when the value expires. Returns false if there is none. */
    touch(context: AnyContext, key: string, timeout?: number | null): Promise<boolean> {
        return this.values.touch(context, key, timeout);
    }

    /** Returns the value, or null on a miss, and changes when it expires. */
    retrieveAndTouch<T = unknown>(context: AnyContext, key: string, timeout?: number | null): Promise<T | null> {
        return this.values.retrieveAndTouch(context, key, timeout) as Promise<T | null>;
    }

    /**
     * Stores the value if the key has none. Returns false if the key has one. Stale values, pending
     * loads, and nulls that `retrieveOrLoad` keeps count as values.
     */
    add(context: AnyContext, key: string, value: unknown, timeout?: number | null): Promise<boolean> {
        return this.atomics.store('add', context, key, value, timeout);
    }

    /** Stores the value if the key has one, in the sense of `add`. Returns false if it has none. */
    replace(context: AnyContext, key: string, value: unknown, timeout?: number | null): Promise<boolean> {
        return this.atomics.store('replace', context, key, value, timeout);
    }

    /**
     * Adds to a counter, which wraps at 2^64. Returns the sum, as a bigint from 2^53 on. Returns
     * null if there is no counter and no `initial`.
     * @param by a whole number from 0 on. 1 if absent
     */
    increment(context: AnyContext, key: string, by?: Amount | null, options?: CountOptions): Promise<Amount | null> {
        return this.atomics.count('increment', context, key, by, options);
    }

    /** Subtracts from a counter, which stops at 0. Otherwise works like `increment`. */
    decrement(context: AnyContext, key: string, by?: Amount | null, options?: CountOptions): Promise<Amount | null> {
        return this.atomics.count('decrement', context, key, by, options);
    }

    /**
     * Appends to a text, and changes when it expires. Returns false if there is no value.
     * @throws BadRequestException NOT_TEXT when the value is no text
     */
    append(context: AnyContext, key: string, text: string, timeout?: number | null): Promise<boolean> {
        return this.updates.join(context, key, text, timeout, (old, more) => old + more);
    }

    /** Prepends to a text. Otherwise works like `append`. */
    prepend(context: AnyContext, key: string, text: string, timeout?: number | null): Promise<boolean> {
        return this.updates.join(context, key, text, timeout, (old, more) => more + old);
    }

    /**
     * Changes a value without losing concurrent changes, and returns the new one. Calls `change`
     * again if another process is faster.
     * @throws ConflictException UPDATE_CONFLICT when it takes longer than `options.update_timeout`
     * @throws ConnectionException when the client cannot know whether memcached has changed the
     *     value
     */
    update<T = unknown>(
        context: AnyContext,
        key: string,
        change: Change<T>,
        timeout?: number | null,
    ): Promise<T | null> {
        return this.updates.update(context, key, change, timeout);
    }

    /**
     * Puts all entries under `options.prefix` out of reach, in all instances. It does not flush the
     * servers, where the entries expire. If a server is unavailable, it clears the others.
     * @throws ConfigException NO_PREFIX when `options.clear` is off or `options.prefix` is empty
     */
    clear(context: AnyContext): Promise<void> {
        return this.engine.decide(context, () => this.engine.keys.clear());
    }
}
