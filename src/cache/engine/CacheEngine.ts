import { checkValue } from '../../client/model/validate';
import { isUnavailable } from '../../client/model/errors';
import { toExpirySeconds } from '../../client/model/expiry';
import type { Item } from '../../client/model/Item';
import type { Commands } from '../../client/Commands';
import { high32, low32 } from '../../util/uint64';
import type { Fetched } from '../../client/calls/getCalls';
import type { Receipt } from '../../client/model/StoreAccount';
import type { AnyContext } from '../../component/ComponentLogger';
import type { ComponentConnection } from '../../connect/ComponentConnection';
import { withTraceId } from '../../component/withTraceId';
import type { MemcachedOptions } from '../../connect/MemcachedOptions';
import { CacheMetrics } from './CacheMetrics';
import { checkTimeout } from '../model/checkTimeout';
import { compress, decompress, hasBytes } from '../values/compression';
import { freshOrNull } from '../values/staleEnvelope';
import { Keyspace } from '../keys/Keyspace';
import type { LoadLease } from '../load/LoadLease';
import type { PendingLoad } from '../load/PendingLoad';
import { TrackedKeys } from '../keys/TrackedKeys';
import { KeyedMutex } from '../../util/KeyedMutex';
import { decode, encode, isDeflated, type Encoded } from '../values/valueCodec';

/**
 * What every verb of the cache is made of: keys as memcached has them, values to what travels and back, ms to expiries, the account of stored keys, and what
 * becomes of errors.
 */
export class CacheEngine {
    readonly metrics: CacheMetrics;
    readonly keys: Keyspace;
    /** What is being loaded in this process, by full key. What is stored or removed meanwhile takes it out: who comes later does not get what was loaded before that. */
    readonly loads = new Map<string, PendingLoad>();
    private tracked: TrackedKeys | null = null;
    /** What is being compressed must not be passed by what is stored under its key after it. */
    private readonly writes = new KeyedMutex();

    constructor(private readonly user: ComponentConnection) {
        this.metrics = new CacheMetrics(user.log, user.counters);
        this.keys = new Keyspace(user, head => this.tracked?.removeAll(head));
        this.resetTracking();
    }

    /** The options have changed. */
    configure(): void {
        this.keys.reset();
        this.resetTracking();
    }

    get options(): MemcachedOptions {
        return this.user.options;
    }

    /** @throws InvalidStateException NOT_OPENED */
    get commands(): Commands {
        return this.user.commands;
    }

    /** Stores it, and evicts another value when there are too many. */
    set(context: AnyContext, fullKey: string, { value, flags }: Encoded, expires: number): Promise<boolean> {
        const { tracked: stored, loads } = this;
        if (loads.size > 0) loads.delete(fullKey);
        const done = this.commands.setCounted(fullKey, value, expires, flags, stored);
        if (stored !== null && stored.evictions > 0) this.reportEvictions(context, stored);
        return done;
    }

    /** As `set`, when it is its turn. In a method of its own: a closure costs `store` something also where it is not made. */
    setInOrder(
        context: AnyContext,
        fullKey: string,
        encoded: Encoded | Promise<Encoded>,
        expires: number,
    ): Promise<boolean> {
        return this.inOrder(fullKey, async () => this.set(context, fullKey, await encoded, expires));
    }

    /**
     * Stores them, and evicts other values when there are too many. Of a batch that is larger than
     * `max_size` the last values are stored, and what the other keys held is deleted.
     * @throws what `commands.setMany` throws, which nothing does that `encode` and `keys.each` have let pass
     */
    async setAll(
        context: AnyContext,
        fullKeys: readonly string[],
        encoded: readonly Encoded[],
        expires: number,
    ): Promise<Map<string, Error>> {
        const { tracked: stored, commands } = this;
        const surplus = stored === null ? 0 : Math.max(0, fullKeys.length - this.options.maxSize);
        const entries: [string, string | Uint8Array, number][] = [];
        for (let i = surplus; i < fullKeys.length; i++) {
            const { value, flags } = encoded[i]!;
            this.detachLoads(fullKeys[i]!);
            entries.push([fullKeys[i]!, value, flags]);
        }
        // Both may reject when the client has been closed.
        const [kept, { failed }] = await Promise.all([
            surplus > 0 ? this.deleteAll(fullKeys.slice(0, surplus)) : null,
            commands.setMany(entries, { expires }, stored),
        ]);
        this.metrics.count('stored', entries.length - failed.size);
        if (stored !== null) this.reportEvictions(context, stored, surplus);
        return kept === null ? failed : new Map([...failed, ...kept]);
    }

    /** Deletes them, and answers which could not be deleted. */
    async deleteAll(fullKeys: readonly string[]): Promise<Map<string, Error>> {
        for (const fullKey of fullKeys) this.forget(fullKey);
        return (await this.commands.deleteMany(fullKeys)).failed;
    }

    /** Deletes it and answers what it held. */
    remove(fullKey: string): Promise<Fetched> {
        this.forget(fullKey);
        return this.commands.getAndDelete(fullKey);
    }

    /** A loaded value was stored, by this lease. */
    recordLoaded(context: AnyContext, fullKey: string, { cas, epoch }: LoadLease, expires: number): void {
        const { tracked: stored } = this;
        this.detachLoads(fullKey);
        this.metrics.onStored();
        if (stored === null) return;
        const nowMs = performance.now();
        stored.stored(stored.add(fullKey), high32(cas), low32(cas), epoch, nowMs, expires);
        const evicted = stored.evict(nowMs);
        if (evicted !== null) this.commands.evict(evicted);
        this.reportEvictions(context, stored);
    }

    /** Memcached has decided to store something under this key: that does not count. */
    recordStored(fullKey: string): void {
        this.forget(fullKey);
        this.metrics.onStored();
    }

    /** The key holds nothing that `set` has stored, and what is being loaded for it is older than what it holds. */
    forget(fullKey: string): void {
        this.detachLoads(fullKey);
        this.tracked?.remove(fullKey);
    }

    /** The value expires at another time from now on. */
    touched(fullKey: string, expires: number): void {
        this.tracked?.touched(fullKey, expires);
    }

    /**
     * What memcached says about a key. With `fail_soft`, something else while it is away. `retrieve` and `store` do the same in their own lines: there every
     * closure counts.
     */
    async withFullKey<T>(
        context: AnyContext,
        key: string,
        otherwise: T,
        ask: (fullKey: string) => Promise<T>,
    ): Promise<T> {
        try {
            const found = this.keys.resolve(key);
            return await ask(typeof found === 'string' ? found : await found);
        } catch (error) {
            if (this.keys.isMoved(error)) return this.withFullKey(context, key, otherwise, ask);
            return this.fallback(context, error, otherwise);
        }
    }

    /** Nothing that was asked for before is still being compressed: what is sent now stays in order. */
    get hasNoPendingWrites(): boolean {
        return this.writes.isEmpty;
    }

    /** Writes to one key in the order in which they were asked for. */
    inOrder<T>(fullKey: string, write: () => Promise<T>): Promise<T> {
        return this.writes.run(fullKey, write);
    }

    /** As `inOrder`, for many keys at once. */
    allInOrder<T>(fullKeys: readonly string[], write: () => Promise<T>): Promise<T> {
        return this.writes.runAll(fullKeys, write);
    }

    /**
     * A promise for what is large enough to be compressed.
     * @throws BadRequestException NOT_SERIALIZABLE, VALUE_TOO_LARGE
     */
    encode(value: unknown): Encoded | Promise<Encoded> {
        const encoded = encode(value);
        const { compressMin } = this.options;
        if (compressMin === 0 || !hasBytes(encoded, compressMin)) return this.checked(encoded);
        const compressed = compress(encoded).then(smaller => this.checked(smaller));
        // It may wait for its turn; who takes it hears of the error then.
        compressed.catch(() => {});
        return compressed;
    }

    /** As `decode`, of what was looked up: it is a hit or a miss. */
    read(context: AnyContext, held: Fetched): unknown {
        const value = this.decode(context, held);
        if (value instanceof Promise) return value.then((inflated: unknown) => this.countLookup(inflated));
        return this.countLookup(value);
    }

    /** What is no value of ours is a miss, and so is what is not fresh any more. A promise for what was compressed. */
    decode(context: AnyContext, found: Fetched): unknown {
        const held = freshOrNull(found);
        if (held === null) return null;
        if (isDeflated(held)) return decompress(held).catch(() => this.undecodable(context, held));
        try {
            return decode(held);
        } catch {
            return this.undecodable(context, held);
        }
    }

    /**
     * @param timeout ms; absent, 0 and below: `options.timeout`
     * @throws BadRequestException INVALID_TTL
     */
    expirySeconds(context: AnyContext, timeout: number | null | undefined): number {
        checkTimeout(timeout);
        const { options } = this;
        const ms = timeout && timeout > 0 ? timeout : options.timeout;
        if (ms <= options.maxExpiration) return toExpirySeconds(ms);
        this.metrics.onCapped(context, options.maxExpiration);
        return toExpirySeconds(options.maxExpiration);
    }

    /** With `fail_soft`, an answer for when memcached is away; else the error itself is thrown. */
    fallback<T>(context: AnyContext, error: unknown, answer: T): T {
        if (!this.options.failSoft || !isUnavailable(error)) throw this.reject(context, error);
        this.metrics.onUnavailable(context, error as Error);
        return answer;
    }

    /** The error, for its caller. */
    reject(context: AnyContext, error: unknown): Error {
        this.metrics.count('failed');
        return withTraceId(error, context);
    }

    private countLookup(value: unknown): unknown {
        this.metrics.onLookup(value !== null);
        return value;
    }

    private resetTracking(): void {
        const { maxSize } = this.options;
        this.tracked = maxSize > 0 ? new TrackedKeys(maxSize, receipt => this.evictLate(receipt)) : null;
    }

    /** The component may be closing: then the value stays until it expires. */
    private evictLate(receipt: Receipt): void {
        if (this.user.isOpen()) this.commands.evict(receipt);
    }

    private checked(encoded: Encoded): Encoded {
        const problem = checkValue(encoded.value, Math.min(this.options.maxValue, this.commands.limits.maxValueBytes));
        if (problem !== null) throw problem;
        return encoded;
    }

    private detachLoads(fullKey: string): void {
        const { loads } = this;
        if (loads.size > 0) loads.delete(fullKey);
    }

    private reportEvictions(context: AnyContext, stored: TrackedKeys, more = 0): void {
        const count = stored.evictions + more;
        stored.evictions = 0;
        if (count > 0) this.metrics.onEvicted(context, count, this.options.maxSize);
    }

    private undecodable(context: AnyContext, held: string | Item): null {
        this.metrics.onUndecodable(context, typeof held === 'string' ? 0 : held.flagBits);
        return null;
    }
}
