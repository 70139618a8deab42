import { checkValue } from '../../client/model/validate';
import { isUnavailable, notOpened } from '../../client/model/errors';
import { toExpirySeconds } from '../../client/model/expiry';
import type { Item } from '../../client/model/Item';
import type { Commands } from '../../client/Commands';
import type { Fetched } from '../../client/calls/getCalls';
import type { Receipt } from '../../client/model/StoreAccount';
import type { AnyContext } from '../../component/ComponentLogger';
import { withTraceId } from '../../component/withTraceId';
import type { ComponentConnection } from '../../connect/ComponentConnection';
import type { MemcachedOptions } from '../../connect/MemcachedOptions';
import { Timeout } from '../../util/Timeout';
import { high32, low32 } from '../../util/uint64';
import { Keyspace } from '../keys/Keyspace';
import { TrackedKeys } from '../keys/TrackedKeys';
import { checkTimeout, type TimeoutMs } from '../model/checkTimeout';
import { compress, decompress, hasBytes } from '../values/compression';
import { freshOrNull } from '../values/staleEnvelope';
import { decode, encode, isDeflated, type Encoded } from '../values/valueCodec';
import { CacheMetrics } from './CacheMetrics';
import { WriteOrder } from './WriteOrder';

/** The CAS of an item, 0 on a server without CAS, and the epoch in which it is valid. */
export type StoredCas = Readonly<Pick<Receipt, 'cas' | 'epoch'>>;

/**
 * The steps that all verbs share. Examples are full keys, encoding, expiries, and the order of
 * writes. Others are `options.fail_soft` and the tracking of stored keys for `options.max_size`.
 */
export class CacheEngine {
    readonly metrics: CacheMetrics;
    readonly keys: Keyspace;
    private tracked: TrackedKeys | null = null;
    readonly writes = new WriteOrder();

    /** @param loads the pending loads by full key. A write to a key detaches its load. */
    constructor(
        private readonly connection: ComponentConnection,
        private readonly loads: Pick<Map<string, unknown>, 'size' | 'delete'>,
    ) {
        this.metrics = new CacheMetrics(connection.log, connection.counters);
        this.keys = new Keyspace(connection, head => this.tracked?.removeAll(head));
        this.resetTracking();
    }

    configure(): void {
        this.keys.reset();
        this.resetTracking();
    }

    get options(): MemcachedOptions {
        return this.connection.options;
    }

    /** @throws InvalidStateException NOT_OPENED */
    get commands(): Commands {
        return this.connection.commands;
    }

    /**
     * Lets calls send their requests that wait for a token, a compression or an earlier write. They
     * have one `request_timeout` for it. Returns null if there is no such call.
     */
    sendPending(): Promise<void> | null {
        return this.writes.isIdle && !this.keys.isFetching ? null : this.untilSent();
    }

    /** Stores the value, and evicts another one if there are too many. */
    set(context: AnyContext, fullKey: string, { value, flags }: Encoded, expires: number): Promise<boolean> {
        const { tracked } = this;
        this.detachLoads(fullKey);
        const done = this.commands.setCounted(fullKey, value, expires, flags, tracked);
        if (tracked !== null && tracked.evictions > 0) this.reportEvictions(context, tracked);
        return done;
    }

    /** Calls `set` in the order of writes. It is not part of `store`, to save the closure. */
    setInOrder(
        context: AnyContext,
        fullKey: string,
        encoded: Encoded | Promise<Encoded>,
        expires: number,
    ): Promise<boolean> {
        return this.writes.send(fullKey, encoded, ready => this.set(context, fullKey, ready, expires));
    }

    /** Returns the number of values of a batch for which `max_size` has no room. */
    surplusOf(count: number): number {
        return this.tracked === null ? 0 : Math.max(0, count - this.options.maxSize);
    }

    /**
     * Stores the values, and evicts others if there are too many. After `encode` and `keys.each`
     * have passed, `commands.setMany` throws nothing.
     */
    async setAll(
        context: AnyContext,
        fullKeys: readonly string[],
        encoded: readonly Encoded[],
        expires: number,
    ): Promise<Map<string, Error>> {
        const { tracked, commands } = this;
        const entries = fullKeys.map((fullKey, i): [string, string | Uint8Array, number] => {
            const { value, flags } = encoded[i]!;
            this.detachLoads(fullKey);
            return [fullKey, value, flags];
        });
        const { failed } = await commands.setMany(entries, { expires }, tracked);
        for (const fullKey of fullKeys) this.detachLoads(fullKey);
        this.metrics.count('stored', entries.length - failed.size);
        if (tracked !== null) this.reportEvictions(context, tracked);
        return failed;
    }

    /** Deletes the keys. Returns the error of each key that may still exist. */
    async deleteAll(fullKeys: readonly string[]): Promise<Map<string, Error>> {
        for (const fullKey of fullKeys) this.forget(fullKey);
        const { failed } = await this.commands.deleteMany(fullKeys);
        for (const fullKey of fullKeys) this.detachLoads(fullKey);
        return failed;
    }

    async remove(fullKey: string): Promise<Fetched> {
        this.forget(fullKey);
        const held = await this.commands.getAndDelete(fullKey);
        this.detachLoads(fullKey);
        return held;
    }

    /** Records that memcached has stored a value of `set`. */
    onSet(fullKey: string): void {
        this.detachLoads(fullKey);
        this.metrics.onStored();
    }

    /** Records that memcached has stored a loaded value with this CAS. */
    recordLoaded(context: AnyContext, fullKey: string, { cas, epoch }: StoredCas, expires: number): void {
        const { tracked } = this;
        this.detachLoads(fullKey);
        this.metrics.onStored();
        if (tracked === null) return;
        const nowMs = performance.now();
        tracked.stored(tracked.add(fullKey), high32(cas), low32(cas), epoch, nowMs, expires);
        const evicted = tracked.evict(nowMs);
        if (evicted !== null) this.commands.evict(evicted);
        this.reportEvictions(context, tracked);
    }

    /** Records that memcached has decided to store a value. `max_size` does not count it. */
    recordStored(fullKey: string): void {
        this.forget(fullKey);
        this.metrics.onStored();
    }

    /** Records that the key holds no value of `set`, and detaches a pending load. */
    forget(fullKey: string): void {
        this.detachLoads(fullKey);
        this.tracked?.remove(fullKey);
    }

    touched(fullKey: string, expires: number): void {
        this.tracked?.touched(fullKey, expires);
    }

    /** Performs a verb that has an answer when memcached is unavailable (see `fallback`). */
    async ask<T>(context: AnyContext, answer: T, verb: () => Promise<T>): Promise<T> {
        try {
            return await verb();
        } catch (error) {
            return this.fallback(context, error, answer);
        }
    }

    /** Performs a verb whose result only memcached knows. A fallback could be wrong. */
    async decide<T>(context: AnyContext, verb: () => Promise<T>): Promise<T> {
        try {
            return await verb();
        } catch (error) {
            throw this.reject(context, error);
        }
    }

    /**
     * Encodes the value. Returns a promise if the value is large enough for compression.
     * @throws BadRequestException NOT_SERIALIZABLE, VALUE_TOO_LARGE
     */
    encode(value: unknown): Encoded | Promise<Encoded> {
        const encoded = encode(value);
        const { compressMin } = this.options;
        if (compressMin === 0 || !hasBytes(encoded, compressMin)) return this.checked(encoded);
        const compressed = compress(encoded).then(smaller => this.checked(smaller));
        // The promise may wait for earlier writes. The write that awaits it reports its error.
        compressed.catch(() => {});
        return compressed;
    }

    /** Decodes the item of a lookup, and counts it as a hit or a miss. */
    read(context: AnyContext, held: Fetched): unknown {
        const value = this.decode(context, held);
        if (value instanceof Promise) return value.then((inflated: unknown) => this.countLookup(inflated));
        return this.countLookup(value);
    }

    /** Returns null for a stale or foreign value, and a promise for a compressed one. */
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

    /** @throws BadRequestException INVALID_TTL */
    expirySeconds(context: AnyContext, timeout: TimeoutMs): number {
        checkTimeout(timeout);
        const { options } = this;
        const ms = timeout && timeout > 0 ? timeout : options.timeout;
        if (ms <= options.maxExpiration) return toExpirySeconds(ms);
        this.metrics.note(context, 'cappedExpirations', [options.maxExpiration]);
        return toExpirySeconds(options.maxExpiration);
    }

    /** Returns the answer if memcached is unavailable and `fail_soft` is set. Otherwise throws. */
    fallback<T>(context: AnyContext, error: unknown, answer: T): T {
        if (!this.options.failSoft || !isUnavailable(error)) throw this.reject(context, error);
        this.metrics.onUnavailable(context, error as Error);
        return answer;
    }

    /** Counts a failed call, and returns the error with its trace id. */
    reject(context: AnyContext, error: unknown): Error {
        this.metrics.count('failed');
        return withTraceId(error, context);
    }

    private async untilSent(): Promise<void> {
        const limit = new Timeout(this.options.requestTimeout, notOpened);
        const sending = this.keys.fetched().then(async () => {
            // A call that has got its token sends its request, or begins to compress.
            await new Promise(setImmediate);
            await this.writes.sent();
        });
        await limit.race(sending).catch(() => {});
        limit.cancel();
    }

    private countLookup(value: unknown): unknown {
        this.metrics.onLookup(value !== null);
        return value;
    }

    private resetTracking(): void {
        const { maxSize } = this.options;
        this.tracked = maxSize > 0 ? new TrackedKeys(maxSize, receipt => this.evictLate(receipt)) : null;
    }

    /** Evicts a value after its store, unless the component closes. Then the value expires. */
    private evictLate(receipt: Receipt): void {
        if (this.connection.isOpen()) this.commands.evict(receipt);
    }

    private checked(encoded: Encoded): Encoded {
        const problem = checkValue(encoded.value, Math.min(this.options.maxValue, this.commands.limits.maxValueBytes));
        if (problem !== null) throw problem;
        return encoded;
    }

    /**
     * Makes later callers begin another load. A store or removal does so at the send and after the
     * reply. In between, a read on another connection may miss the write, and begin a load.
     */
    private detachLoads(fullKey: string): void {
        const { loads } = this;
        if (loads.size > 0) loads.delete(fullKey);
    }

    private reportEvictions(context: AnyContext, tracked: TrackedKeys): void {
        const count = tracked.evictions;
        tracked.evictions = 0;
        if (count > 0) this.metrics.note(context, 'evicted', [this.options.maxSize], count);
    }

    private undecodable(context: AnyContext, held: string | Item): null {
        this.metrics.note(context, 'undecodable', [typeof held === 'string' ? 0 : held.flagBits]);
        return null;
    }
}
