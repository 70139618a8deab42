import { checkValue } from '../client/checks';
import { isAway } from '../client/errors';
import { toExpirySeconds } from '../client/expiry';
import type { Item } from '../client/Item';
import type { MemcachedClient } from '../client/MemcachedClient';
import type { Held } from '../client/readCalls';
import type { AnyContext } from '../connect/ComponentLog';
import type { ConnectionUser } from '../connect/ConnectionUser';
import { withTraceId } from '../connect/withTraceId';
import type { MemcachedOptions } from '../connect/MemcachedOptions';
import { CacheEvents } from './CacheEvents';
import { checkTimeout } from './checkTimeout';
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
     * Stores them, and lets others go when there are too many. Of a batch that is larger than `max_size` the last ones are stored, and what the others held goes.
     * @throws what `client.setMany` throws, which nothing does that `encode` and `keys.findAll` have let pass
     */
    async setAll(
        context: AnyContext,
        fullKeys: readonly string[],
        encoded: readonly Encoded[],
        expires: number,
    ): Promise<Map<string, Error>> {
        const { client } = this;
        this.overtake(fullKeys);
        const evicted = this.account(context, fullKeys);
        const entries: [string, string | Uint8Array, number][] = [];
        encoded.forEach(({ value, flags }, i) => {
            const fullKey = fullKeys[i]!;
            if (evicted === null || !evicted.has(fullKey)) entries.push([fullKey, value, flags]);
        });
        const storing = client.setMany(entries, { expires });
        const { failed } = evicted === null ? await storing : (await Promise.all([storing, this.evict(evicted)]))[0];
        this.events.count('stored', entries.length - failed.size);
        return failed;
    }

    /** Deletes them, and answers which could not be deleted: those may be there still, and stay in the account. */
    async deleteAll(context: AnyContext, fullKeys: readonly string[]): Promise<Map<string, Error>> {
        const { stored } = this;
        this.overtake(fullKeys);
        const known = stored === null ? [] : fullKeys.filter(fullKey => stored.remove(fullKey));
        const { failed } = await this.client.deleteMany(fullKeys);
        const stay = known.filter(fullKey => failed.has(fullKey));
        if (stay.length > 0) await this.putBack(context, stay);
        return failed;
    }

    /** These have been stored, not by `set`: those that have to go for them are deleted. */
    async count(context: AnyContext, fullKeys: readonly string[]): Promise<void> {
        this.overtake(fullKeys);
        this.events.count('stored', fullKeys.length);
        await this.putBack(context, fullKeys);
    }

    /** Deletes it and answers what it held. */
    async take(context: AnyContext, fullKey: string): Promise<Held> {
        const { stored, client } = this;
        if (stored === null) {
            this.overtake([fullKey]);
            return client.getAndDelete(fullKey);
        }
        const taking = client.getAndDelete(fullKey);
        await this.forgetIf(
            context,
            fullKey,
            taking.then(() => true),
        );
        return taking;
    }

    /** Takes it out of the account, before what is stored after it comes in; back into it when it turns out not to be gone. */
    async forgetIf(context: AnyContext, fullKey: string, isGone: Promise<boolean>): Promise<boolean> {
        this.overtake([fullKey]);
        const wasThere = this.stored?.remove(fullKey) ?? false;
        let gone = false;
        try {
            return (gone = await isGone);
        } finally {
            if (wasThere && !gone) await this.putBack(context, [fullKey]);
        }
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
        this.stored = maxSize > 0 ? new StoredKeys(maxSize) : null;
    }

    private checked(encoded: Encoded): Encoded {
        const problem = checkValue(encoded.value, Math.min(this.options.maxValue, this.client.limits.maxValueBytes));
        if (problem !== null) throw problem;
        return encoded;
    }

    /** What is being loaded for these keys is older than what is stored or removed now. */
    private overtake(fullKeys: readonly string[]): void {
        const { loads } = this;
        if (loads.size > 0) for (const fullKey of fullKeys) loads.delete(fullKey);
    }

    /** Into the account; those that have to go for them are deleted. */
    private async putBack(context: AnyContext, fullKeys: readonly string[]): Promise<void> {
        const evicted = this.account(context, fullKeys);
        if (evicted !== null) await this.evict(evicted);
    }

    /** These are stored, or about to be; null, or those that have to go for them. */
    private account(context: AnyContext, fullKeys: readonly string[]): ReadonlySet<string> | null {
        const { stored } = this;
        if (stored === null) return null;
        const evicted = new Set<string>();
        for (const fullKey of fullKeys) {
            const old = stored.add(fullKey);
            if (old !== null) evicted.add(old);
            if (evicted.size > 0) evicted.delete(fullKey);
        }
        if (evicted.size === 0) return null;
        this.events.evicted(context, evicted.size, this.options.maxSize);
        return evicted;
    }

    /** What cannot be deleted now expires; nor can it when the cache was closed meanwhile. */
    private async evict(fullKeys: ReadonlySet<string>): Promise<void> {
        try {
            await this.client.deleteMany([...fullKeys]);
        } catch {
            // As above: what was stored is stored.
        }
    }

    private undecodable(context: AnyContext, held: string | Item): null {
        this.events.undecodable(context, typeof held === 'string' ? 0 : held.flagBits);
        return null;
    }
}
