import type {
    ConfigParams,
    IConfigurable,
    IOpenable,
    IReferenceable,
    IReferences,
    IUnreferenceable,
} from 'pip-services4-components-node';
import type { ICache } from 'pip-services4-logic-node';
import type { ServerHealthReport } from '../client/server/HealthCheck';
import type { Fetched } from '../client/calls/getCalls';
import type { AnyContext } from '../component/ComponentLogger';
import { ComponentConnection } from '../connect/ComponentConnection';
import type { ConnectionStats } from '../connect/MemcachedConnection';
import { BatchVerbs, type Entries } from './BatchVerbs';
import { AtomicVerbs, type Amount, type CountOptions } from './AtomicVerbs';
import type { Loaded, Loader, LoadOptions } from './load/LoadOptions';
import { LoadThrough } from './load/LoadThrough';
import type { CacheCounts } from './engine/CacheMetrics';
import { UpdateVerbs, type Change } from './UpdateVerbs';
import { CacheEngine } from './engine/CacheEngine';

export interface CacheStats extends CacheCounts, ConnectionStats {}

/**
 * A cache that the instances of a service share. Values travel as JSON text, so services in other languages read them; `Buffer` and `Uint8Array` are kept as bytes.
 * A miss is null. An error is never turned into a miss, unless `options.fail_soft` asks for it.
 *
 * ### Configuration parameters ###
 *
 * - `connection(s)`, `credential(s)`: see {@link MemcachedConnectionResolver}; without a connection of its own it uses a referenced one
 * - `options.*`: see the README
 *
 * ### References ###
 *
 * - `*:connection:memcached:*:1.0`, `*:discovery:*:*:*`, `*:credential-store:*:*:*`, `*:logger:*:*:1.0`, `*:counters:*:*:1.0`: all optional
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
    private readonly user: ComponentConnection = new ComponentConnection(() => this.loadThrough.stop());
    private readonly values = new CacheEngine(this.user);
    private readonly batches = new BatchVerbs(this.values);
    private readonly conditions = new AtomicVerbs(this.values);
    private readonly updates = new UpdateVerbs(this.values);
    private readonly loadThrough = new LoadThrough(this.values);

    /** @throws ConfigException INVALID_OPTION */
    configure(config: ConfigParams): void {
        this.user.configure(config);
        this.values.configure();
    }

    /** Where it finds the shared connection, discovery, credentials and loggers. */
    setReferences(references: IReferences): void {
        this.user.setReferences(references);
    }

    /** Forgets the loggers and what else it was given. */
    unsetReferences(): void {
        this.user.unsetReferences();
    }

    /** Whether it has a connection that is open. */
    isOpen(): boolean {
        return this.user.isOpen();
    }

    /**
     * @throws ConfigException NO_CONNECTION, INVALID_CONNECTION, NO_CREDENTIAL
     * @throws ConnectionException CONNECT_FAILED when no server answers, unless `options.fail_soft` is set
     */
    open(context: AnyContext): Promise<void> {
        if (!this.isOpen()) this.values.keys.reset();
        return this.user.open(context);
    }

    /**
     * Closes its own connection, and leaves a shared one alone. Calls that are under way may finish
     * first, and loaded values are stored.
     */
    async close(context: AnyContext): Promise<void> {
        this.updates.stop();
        const stopping = this.loadThrough.stop();
        // A process that is about to exit gets no further turn of the event loop.
        if (stopping !== null) await stopping;
        await this.user.close(context);
    }

    /** What has happened so far, and what is known of each server; it costs nobody a request. See docs/operations.md. */
    getStats(): CacheStats {
        return Object.freeze({ ...this.values.metrics.counts, ...this.user.getStats() });
    }

    /**
     * Asks every server how it is, within one `request_timeout` after connecting. One that is away is told of, not rejected.
     * @throws InvalidStateException NOT_OPENED
     */
    checkHealth(context: AnyContext): Promise<readonly ServerHealthReport[]> {
        return this.user.checkHealth(context);
    }

    /** The value, null on a miss. */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- ICache's signature
    async retrieve(context: AnyContext, key: string): Promise<any> {
        const { values } = this;
        try {
            const found = values.keys.resolve(key);
            const held = await values.commands.getText(typeof found === 'string' ? found : await found);
            return values.read(context, held);
        } catch (error) {
            if (values.keys.isMoved(error)) return this.retrieve(context, key);
            return values.fallback(context, error, null);
        }
    }

    /**
     * Stores a value and answers it; null and undefined remove the entry.
     * @param timeout ms until it expires; absent, 0 and below: `options.timeout`. Rounded up to whole seconds.
     */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- ICache's signature
    async store(context: AnyContext, key: string, value: any, timeout?: number | null): Promise<any> {
        if (value === null || value === undefined) {
            await this.remove(context, key);
            return value as null | undefined;
        }
        const { values } = this;
        try {
            const encoded = values.encode(value);
            const expires = values.expirySeconds(context, timeout);
            const found = values.keys.resolve(key);
            const fullKey = typeof found === 'string' ? found : await found;
            if (encoded instanceof Promise || !values.hasNoPendingWrites) {
                await values.setInOrder(context, fullKey, encoded, expires);
            } else {
                await values.set(context, fullKey, encoded, expires);
            }
            values.metrics.onStored();
            return value as unknown;
        } catch (error) {
            if (values.keys.isMoved(error)) return this.store(context, key, value, timeout);
            return values.fallback(context, error, value);
        }
    }

    /** Removes the entry and answers the value that it had, null when it had none. */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- ICache's signature
    remove(context: AnyContext, key: string): Promise<any> {
        const { values } = this;
        return values.withFullKey<unknown>(context, key, null, async fullKey => {
            const take = (): Promise<Fetched> => values.remove(fullKey);
            return values.decode(context, await (values.hasNoPendingWrites ? take() : values.inOrder(fullKey, take)));
        });
    }

    /**
     * The value; on a miss what the loader gives, which is stored for `timeout` ms. However many callers miss it, one loader runs, in this process and, by a
     * short lease, among all; see docs/cache.md. Callers do not wait until it is stored. An error
     * of the loader reaches all callers that wait for it here, and is not kept. While memcached is
     * unavailable the loader is called, once at a time in this process.
     *
     * Who waits for the same load gets the same object: do not change it. What comes from memcached is what JSON makes of it. A first caller's options count for a load.
     * @param timeout ms until it expires; absent, 0 and below: `options.timeout`. Up to a tenth of it is taken off at random: see `jitter`.
     * @throws InvocationException LOAD_TIMEOUT when the loader has no value after `loadTimeout` ms
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
     * What is there of these keys, in their order; what is not there is not in the answer.
     * @throws BatchException BATCH_FAILED when some could not be asked for: it has the others in `found`
     */
    retrieveMany<T = unknown>(context: AnyContext, keys: Iterable<string>): Promise<Map<string, T>> {
        return this.batches.retrieve(context, keys) as Promise<Map<string, T>>;
    }

    /**
     * Stores all of them; null and undefined remove their entries.
     * @param entries a Map, a plain object, or pairs
     * @throws BatchException BATCH_FAILED when some could not be stored: `failed` says which
     */
    storeMany(context: AnyContext, entries: Entries, timeout?: number | null): Promise<void> {
        return this.batches.store(context, entries, timeout);
    }

    /** @throws BatchException BATCH_FAILED when some could not be removed: `failed` says which */
    removeMany(context: AnyContext, keys: Iterable<string>): Promise<void> {
        return this.batches.remove(context, keys);
    }

    /** Whether there is a value. */
    async contains(context: AnyContext, key: string): Promise<boolean> {
        return (await this.retrieve(context, key)) !== null;
    }

    /** Changes when the value expires; false: there is none. */
    touch(context: AnyContext, key: string, timeout?: number | null): Promise<boolean> {
        const { values } = this;
        return values.withFullKey(context, key, false, async fullKey => {
            const expires = values.expirySeconds(context, timeout);
            const isThere = await values.commands.touch(fullKey, expires);
            if (isThere) values.touched(fullKey, expires);
            return isThere;
        });
    }

    /** The value, null on a miss, and when it expires from now on. */
    retrieveAndTouch<T = unknown>(context: AnyContext, key: string, timeout?: number | null): Promise<T | null> {
        const { values } = this;
        return values.withFullKey<T | null>(context, key, null, async fullKey => {
            const expires = values.expirySeconds(context, timeout);
            const item = await values.commands.getAndTouch(fullKey, expires);
            if (item.value !== null) values.touched(fullKey, expires);
            return (await values.read(context, item.value === null ? null : item)) as T | null;
        });
    }

    /**
     * Stores the value when there is none; false: there is one, and it stays. A null that
     * `retrieveOrLoad` keeps, a stale value and a value that is being loaded count as one.
     */
    add(context: AnyContext, key: string, value: unknown, timeout?: number | null): Promise<boolean> {
        return this.decided(context, () => this.conditions.store('add', context, key, value, timeout));
    }

    /** Stores the value when there is one already, in the sense of `add`; false: there is none. */
    replace(context: AnyContext, key: string, value: unknown, timeout?: number | null): Promise<boolean> {
        return this.decided(context, () => this.conditions.store('replace', context, key, value, timeout));
    }

    /**
     * Adds to a counter, and answers what it counts then: a bigint from 2^53 on, null when there is none and no `initial` to begin with. It wraps at 2^64.
     * What `retrieveOrLoad` keeps (a null, a value with `staleFor`) is no counter: NOT_A_NUMBER.
     * @param by whole, from 0 on; 1 when absent
     */
    increment(context: AnyContext, key: string, by?: Amount | null, options?: CountOptions): Promise<Amount | null> {
        return this.decided(context, () => this.conditions.count('increment', context, key, by, options));
    }

    /** Takes from a counter, which stops at 0; else as `increment`. */
    decrement(context: AnyContext, key: string, by?: Amount | null, options?: CountOptions): Promise<Amount | null> {
        return this.decided(context, () => this.conditions.count('decrement', context, key, by, options));
    }

    /**
     * Puts a text behind the text that is there; false: there is nothing. Its time begins anew.
     * @throws BadRequestException NOT_TEXT when there is something else
     */
    append(context: AnyContext, key: string, text: string, timeout?: number | null): Promise<boolean> {
        return this.decided(context, () => this.updates.join(context, key, text, timeout, (old, more) => old + more));
    }

    /** Puts a text before the text that is there; else as `append`. */
    prepend(context: AnyContext, key: string, text: string, timeout?: number | null): Promise<boolean> {
        return this.decided(context, () => this.updates.join(context, key, text, timeout, (old, more) => more + old));
    }

    /**
     * Changes a value, of many who do so at once one after the other, and answers what it is then. `change` gets the value, null when there is none, and
     * answers the new one, null to remove the entry; it is asked again when somebody else was faster.
     * @throws ConflictException UPDATE_CONFLICT when somebody else was faster each time for `options.update_timeout`
     * @throws ConnectionException whether the change was made is not known then
     */
    update<T = unknown>(
        context: AnyContext,
        key: string,
        change: Change<T>,
        timeout?: number | null,
    ): Promise<T | null> {
        return this.decided(context, () => this.updates.update(context, key, change, timeout));
    }

    /**
     * Puts everything under `options.prefix` out of reach, in all instances. The servers are not flushed;
     * what was stored expires there. If a server is unavailable, the others are cleared.
     * @throws ConfigException NO_PREFIX without `options.clear` or a prefix
     */
    clear(context: AnyContext): Promise<void> {
        return this.decided(context, () => this.values.keys.clear());
    }

    /** What asks memcached for a decision is not softened: an answer that it has not given would be a lie. */
    private async decided<T>(context: AnyContext, ask: () => Promise<T>): Promise<T> {
        try {
            return await ask();
        } catch (error) {
            if (this.values.keys.isMoved(error)) return this.decided(context, ask);
            throw this.values.reject(context, error);
        }
    }
}
