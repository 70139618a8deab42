import { checkValue } from '../client/checks';
import { isAway } from '../client/errors';
import { toExpirySeconds } from '../client/expiry';
import type { Item } from '../client/Item';
import type { MemcachedClient } from '../client/MemcachedClient';
import { high32, low32 } from '../client/protocol';
import type { Held } from '../client/readCalls';
import type { Receipt } from '../client/StoreAccount';
import type { AnyContext } from '../connect/ComponentLog';
import type { ConnectionUser } from '../connect/ConnectionUser';
import { withTraceId } from '../connect/withTraceId';
import type { MemcachedOptions } from '../connect/MemcachedOptions';
import { CacheEvents } from './CacheEvents';
import { checkTimeout } from './checkTimeout';
import { compress, decompress, hasBytes } from './compression';
import { current } from './dated';
import { KeySpace } from './KeySpace';
import type { LoadLease } from './LoadLease';
import type { Loading } from './Loading';
import { StoredKeys } from './StoredKeys';
import { Turns } from './Turns';
import { decode, encode, isDeflated, type Encoded } from './values';

/**
 * What every verb of the cache is made of: keys as memcached has them, values to what travels and back, ms to expiries, the account of stored keys, and what
 * becomes of errors.
 */
export class ValueStore {
    readonly events: CacheEvents;
    readonly keys: KeySpace;
    /** What is being loaded in this process, by full key. What is stored or removed meanwhile takes it out: who comes later does not get what was loaded before that. */
    readonly loads = new Map<string, Loading>();
    private stored: StoredKeys | null = null;
    /** What is being compressed must not be passed by what is stored under its key after it. */
    private readonly writes = new Turns();

    constructor(private readonly user: ConnectionUser) {
        this.events = new CacheEvents(user.log, user.counters);
        this.keys = new KeySpace(user, head => this.stored?.removeAll(head));
        this.restart();
    }

    /** The options have changed. */
    configure(): void {
        this.keys.reset();
        this.restart();
    }

    get options(): MemcachedOptions {
        return this.user.options;
    }

    /** @throws InvalidStateException NOT_OPENED */
    get client(): MemcachedClient {
        return this.user.client;
    }

    /** Stores it, and evicts another value when there are too many. */
    set(context: AnyContext, fullKey: string, { value, flags }: Encoded, expires: number): Promise<boolean> {
        const { stored, loads } = this;
        if (loads.size > 0) loads.delete(fullKey);
        const done = this.client.setCounted(fullKey, value, expires, flags, stored);
        if (stored !== null && stored.evictions > 0) this.tellEvictions(context, stored);
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
     * @throws what `client.setMany` throws, which nothing does that `encode` and `keys.each` have let pass
     */
    async setAll(
        context: AnyContext,
        fullKeys: readonly string[],
        encoded: readonly Encoded[],
        expires: number,
    ): Promise<Map<string, Error>> {
        const { stored, client } = this;
        const surplus = stored === null ? 0 : Math.max(0, fullKeys.length - this.options.maxSize);
        const entries: [string, string | Uint8Array, number][] = [];
        for (let i = surplus; i < fullKeys.length; i++) {
            const { value, flags } = encoded[i]!;
            this.overtake(fullKeys[i]!);
            entries.push([fullKeys[i]!, value, flags]);
        }
        // Both may reject when the client has been closed.
        const [kept, { failed }] = await Promise.all([
            surplus > 0 ? this.deleteAll(fullKeys.slice(0, surplus)) : null,
            client.setMany(entries, { expires }, stored),
        ]);
        this.events.count('stored', entries.length - failed.size);
        if (stored !== null) this.tellEvictions(context, stored, surplus);
        return kept === null ? failed : new Map([...failed, ...kept]);
    }

    /** Deletes them, and answers which could not be deleted. */
    async deleteAll(fullKeys: readonly string[]): Promise<Map<string, Error>> {
        for (const fullKey of fullKeys) this.forget(fullKey);
        return (await this.client.deleteMany(fullKeys)).failed;
    }

    /** Deletes it and answers what it held. */
    take(fullKey: string): Promise<Held> {
        this.forget(fullKey);
        return this.client.getAndDelete(fullKey);
    }

    /** A loaded value was stored, by this lease. */
    loaded(context: AnyContext, fullKey: string, { cas, generation }: LoadLease, expires: number): void {
        const { stored } = this;
        this.overtake(fullKey);
        this.events.stored();
        if (stored === null) return;
        const nowMs = performance.now();
        stored.stored(stored.add(fullKey), high32(cas), low32(cas), generation, nowMs, expires);
        const evicted = stored.evict(nowMs);
        if (evicted !== null) this.client.evict(evicted);
        this.tellEvictions(context, stored);
    }

    /** Memcached has decided to store something under this key: that does not count. */
    decided(fullKey: string): void {
        this.forget(fullKey);
        this.events.stored();
    }

    /** The key holds nothing that `set` has stored, and what is being loaded for it is older than what it holds. */
    forget(fullKey: string): void {
        this.overtake(fullKey);
        this.stored?.remove(fullKey);
    }

    /** The value expires at another time from now on. */
    touched(fullKey: string, expires: number): void {
        this.stored?.touched(fullKey, expires);
    }

    /**
     * What memcached says about a key. With `fail_soft`, something else while it is away. `retrieve` and `store` do the same in their own lines: there every
     * closure counts.
     */
    async ask<T>(context: AnyContext, key: string, otherwise: T, ask: (fullKey: string) => Promise<T>): Promise<T> {
        try {
            const found = this.keys.find(key);
            return await ask(typeof found === 'string' ? found : await found);
        } catch (error) {
            if (this.keys.isMoved(error)) return this.ask(context, key, otherwise, ask);
            return this.soften(context, error, otherwise);
        }
    }

    /** Nothing that was asked for before is still being compressed: what is sent now stays in order. */
    get isInOrder(): boolean {
        return this.writes.isEmpty;
    }

    /** Writes to one key in the order in which they were asked for. */
    inOrder<T>(fullKey: string, write: () => Promise<T>): Promise<T> {
        return this.writes.take(fullKey, write);
    }

    /** As `inOrder`, for many keys at once. */
    allInOrder<T>(fullKeys: readonly string[], write: () => Promise<T>): Promise<T> {
        return this.writes.takeAll(fullKeys, write);
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
    read(context: AnyContext, held: Held): unknown {
        const value = this.decode(context, held);
        if (value instanceof Promise) return value.then((inflated: unknown) => this.tally(inflated));
        return this.tally(value);
    }

    /** What is no value of ours is a miss, and so is what is not fresh any more. A promise for what was compressed. */
    decode(context: AnyContext, found: Held): unknown {
        const held = current(found);
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
        this.events.shortened(context, options.maxExpiration);
        return toExpirySeconds(options.maxExpiration);
    }

    /** With `fail_soft`, an answer for when memcached is away; else the error itself is thrown. */
    soften<T>(context: AnyContext, error: unknown, answer: T): T {
        if (!this.options.failSoft || !isAway(error)) throw this.failed(context, error);
        this.events.softened(context, error as Error);
        return answer;
    }

    /** The error, for its caller. */
    failed(context: AnyContext, error: unknown): Error {
        this.events.count('failed');
        return withTraceId(error, context);
    }

    private tally(value: unknown): unknown {
        this.events.lookedUp(value !== null);
        return value;
    }

    private restart(): void {
        const { maxSize } = this.options;
        this.stored = maxSize > 0 ? new StoredKeys(maxSize, receipt => this.evictLate(receipt)) : null;
    }

    /** The component may be closing: then the value stays until it expires. */
    private evictLate(receipt: Receipt): void {
        if (this.user.isOpen()) this.client.evict(receipt);
    }

    private checked(encoded: Encoded): Encoded {
        const problem = checkValue(encoded.value, Math.min(this.options.maxValue, this.client.limits.maxValueBytes));
        if (problem !== null) throw problem;
        return encoded;
    }

    private overtake(fullKey: string): void {
        const { loads } = this;
        if (loads.size > 0) loads.delete(fullKey);
    }

    private tellEvictions(context: AnyContext, stored: StoredKeys, more = 0): void {
        const count = stored.evictions + more;
        stored.evictions = 0;
        if (count > 0) this.events.evicted(context, count, this.options.maxSize);
    }

    private undecodable(context: AnyContext, held: string | Item): null {
        this.events.undecodable(context, typeof held === 'string' ? 0 : held.flagBits);
        return null;
    }
}
