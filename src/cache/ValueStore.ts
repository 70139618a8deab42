import { checkValue } from '../client/checks';
import { invalidTimeout, isAway } from '../client/errors';
import { toExpirySeconds } from '../client/expiry';
import type { MemcachedClient } from '../client/MemcachedClient';
import type { Held } from '../client/readCalls';
import type { AnyContext } from '../connect/ComponentLog';
import type { ConnectionUser } from '../connect/ConnectionUser';
import { withTraceId } from '../connect/MemcachedConnection';
import type { MemcachedOptions } from '../connect/MemcachedOptions';
import { CacheEvents } from './CacheEvents';
import { compress, decompress, hasBytes } from './compression';
import { current } from './dated';
import { KeySpace } from './KeySpace';
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
        this.keys = new KeySpace(user, () => this.restart());
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

    /** Stores it, and lets another go for it when there are too many. */
    set(context: AnyContext, fullKey: string, { value, flags }: Encoded, expires: number): Promise<boolean> {
        const { stored, loads } = this;
        if (loads.size > 0) loads.delete(fullKey);
        if (stored === null) return this.client.setCounted(fullKey, value, expires, flags, null);
        const before = stored.evictions;
        const done = this.client.setCounted(fullKey, value, expires, flags, stored);
        if (stored.evictions > before) this.events.evicted(context, 1, this.options.maxSize);
        return done;
    }

    /** These have been stored, not by `set`: those that have to go for them are deleted. */
    async count(context: AnyContext, fullKeys: readonly string[]): Promise<void> {
        const { stored, loads } = this;
        if (loads.size > 0) for (const fullKey of fullKeys) loads.delete(fullKey);
        this.events.count('stored', fullKeys.length);
        if (stored === null) return;
        const evicted = new Set<string>();
        for (const fullKey of fullKeys) {
            evicted.delete(fullKey);
            const old = stored.add(fullKey);
            if (old !== null) evicted.add(old);
        }
        if (evicted.size === 0) return;
        this.events.evicted(context, evicted.size, this.options.maxSize);
        // What cannot be deleted now expires.
        await this.client.deleteMany([...evicted]).catch(() => {});
    }

    /** It is gone, or about to go. */
    forget(fullKey: string): void {
        this.stored?.remove(fullKey);
        if (this.loads.size > 0) this.loads.delete(fullKey);
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
        if (isDeflated(held)) return decompress(held).catch(() => this.undecodable(context));
        try {
            return decode(held);
        } catch {
            return this.undecodable(context);
        }
    }

    /**
     * @param timeout ms; absent, 0 and below: `options.timeout`
     * @throws BadRequestException INVALID_TTL
     */
    expirySeconds(context: AnyContext, timeout: number | null | undefined): number {
        if (timeout !== null && timeout !== undefined && typeof timeout !== 'number') throw invalidTimeout(timeout);
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
        this.events.count(value === null ? 'misses' : 'hits');
        return value;
    }

    private restart(): void {
        const { maxSize } = this.options;
        this.stored = maxSize > 0 ? new StoredKeys(maxSize) : null;
    }

    private checked(encoded: Encoded): Encoded {
        const { maxValue } = this.options;
        // The client checks values too, by the limit of its connection.
        if (maxValue < this.client.limits.maxValueBytes) {
            const problem = checkValue(encoded.value, maxValue);
            if (problem !== null) throw problem;
        }
        return encoded;
    }

    private undecodable(context: AnyContext): null {
        this.events.undecodable(context);
        return null;
    }
}
