import { checkValue } from '../client/checks';
import { invalidTimeout, isAway } from '../client/errors';
import { toExpirySeconds } from '../client/expiry';
import type { MemcachedClient } from '../client/MemcachedClient';
import type { Held } from '../client/readCalls';
import type { AnyContext } from '../connect/ComponentLog';
import type { ConnectionUser } from '../connect/ConnectionUser';
import { withTraceId } from '../connect/MemcachedConnection';
import { CacheEvents } from './CacheEvents';
import { StoredKeys } from './StoredKeys';
import { BYTES_FLAG, decode, encode } from './values';

/** A value as it travels. */
export interface Encoded {
    readonly value: string | Uint8Array;
    readonly flags: number;
}

/**
 * What every verb of the cache is made of: keys as memcached has them, values to what travels and back, ms to expiries, the account of stored keys, and what
 * becomes of errors.
 */
export class ValueStore {
    readonly events: CacheEvents;
    private stored: StoredKeys | null = null;

    constructor(private readonly user: ConnectionUser) {
        this.events = new CacheEvents(user.log);
        this.configure();
    }

    /** The options have changed. */
    configure(): void {
        const { maxSize } = this.user.options;
        this.stored = maxSize > 0 ? new StoredKeys(maxSize) : null;
    }

    /** @throws InvalidStateException NOT_OPENED */
    get client(): MemcachedClient {
        return this.user.client;
    }

    /**
     * The key as memcached has it.
     * @throws BadRequestException INVALID_KEY
     */
    fullKey(key: string): string {
        return this.user.fullKey(key);
    }

    /** Stores it, and lets another go for it when there are too many. */
    set(context: AnyContext, fullKey: string, { value, flags }: Encoded, expires: number): Promise<boolean> {
        const { stored } = this;
        if (stored === null) return this.client.setCounted(fullKey, value, expires, flags, null);
        const before = stored.evictions;
        const done = this.client.setCounted(fullKey, value, expires, flags, stored);
        if (stored.evictions > before) this.events.evicted(context, 1, this.user.options.maxSize);
        return done;
    }

    /** It is gone, or about to go. */
    forget(fullKey: string): void {
        this.stored?.remove(fullKey);
    }

    /**
     * @throws BadRequestException NOT_SERIALIZABLE, VALUE_TOO_LARGE
     */
    encode(value: unknown): Encoded {
        const encoded = encode(value);
        const { maxValue } = this.user.options;
        // The client checks values too, by the limit of its connection.
        if (maxValue < this.client.limits.maxValueBytes) {
            const problem = checkValue(encoded, maxValue);
            if (problem !== null) throw problem;
        }
        return { value: encoded, flags: typeof encoded === 'string' ? 0 : BYTES_FLAG };
    }

    /** What is no value of ours is a miss. */
    decode(context: AnyContext, held: Held): unknown {
        if (held === null) return null;
        try {
            return decode(held);
        } catch {
            this.events.undecodable(context);
            return null;
        }
    }

    /**
     * @param timeout ms; absent, 0 and below: `options.timeout`
     * @throws BadRequestException INVALID_TTL
     */
    expirySeconds(context: AnyContext, timeout: number | null | undefined): number {
        if (timeout !== null && timeout !== undefined && typeof timeout !== 'number') throw invalidTimeout(timeout);
        const { options } = this.user;
        const ms = timeout && timeout > 0 ? timeout : options.timeout;
        if (ms <= options.maxExpiration) return toExpirySeconds(ms);
        this.events.shortened(context, options.maxExpiration);
        return toExpirySeconds(options.maxExpiration);
    }

    /** With `fail_soft`, an answer for when memcached is away; else the error itself is thrown. */
    soften<T>(context: AnyContext, error: unknown, answer: T): T {
        if (!this.user.options.failSoft || !isAway(error)) throw withTraceId(error, context);
        this.events.softened(context, error as Error);
        return answer;
    }
}
