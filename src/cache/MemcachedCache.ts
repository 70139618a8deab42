import type {
    ConfigParams,
    IConfigurable,
    IOpenable,
    IReferenceable,
    IReferences,
    IUnreferenceable,
} from 'pip-services4-components-node';
import type { ICache } from 'pip-services4-logic-node';
import { checkValue } from '../client/checks';
import { invalidTimeout, isAway } from '../client/errors';
import { toExpirySeconds } from '../client/expiry';
import type { Held } from '../client/readCalls';
import type { AnyContext } from '../connect/ComponentLog';
import { ConnectionUser } from '../connect/ConnectionUser';
import { withTraceId } from '../connect/MemcachedConnection';
import { StoredKeys } from './StoredKeys';
import { BYTES_FLAG, decode, encode } from './values';

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
 * - `*:connection:memcached:*:1.0`, `*:discovery:*:*:*`, `*:credential-store:*:*:*`, `*:logger:*:*:1.0`: all optional
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
    private readonly user = new ConnectionUser();
    private stored: StoredKeys | null = null;
    private isSoftened = false;
    /** How often it happened; each is said in the log when it first does. */
    private readonly happened = { evicted: 0, undecodable: 0, shortened: 0, softened: 0 };

    constructor() {
        this.limitStored();
    }

    /** @throws ConfigException INVALID_OPTION */
    configure(config: ConfigParams): void {
        this.user.configure(config);
        this.limitStored();
    }

    setReferences(references: IReferences): void {
        this.user.setReferences(references);
    }

    unsetReferences(): void {
        this.user.unsetReferences();
    }

    isOpen(): boolean {
        return this.user.isOpen();
    }

    /**
     * @throws ConfigException NO_CONNECTION, INVALID_CONNECTION, NO_CREDENTIAL
     * @throws ConnectionException CONNECT_FAILED when no server answers, unless `options.fail_soft` is set
     */
    open(context: AnyContext): Promise<void> {
        return this.user.open(context);
    }

    close(context: AnyContext): Promise<void> {
        return this.user.close(context);
    }

    /** The value, null on a miss. */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- ICache's signature
    async retrieve(context: AnyContext, key: string): Promise<any> {
        try {
            const held = await this.user.client.getText(this.user.fullKey(key));
            if (this.isSoftened) this.harden(context);
            return this.read(context, held);
        } catch (error) {
            return this.soften(context, error, null);
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
        try {
            await this.write(context, key, value, timeout);
            if (this.isSoftened) this.harden(context);
            return value as unknown;
        } catch (error) {
            return this.soften(context, error, value);
        }
    }

    /** Removes the entry and answers the value that it had, null when it had none. */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- ICache's signature
    async remove(context: AnyContext, key: string): Promise<any> {
        try {
            const fullKey = this.user.fullKey(key);
            this.stored?.remove(fullKey);
            const held = await this.user.client.getAndDelete(fullKey);
            if (this.isSoftened) this.harden(context);
            return this.read(context, held);
        } catch (error) {
            return this.soften(context, error, null);
        }
    }

    private limitStored(): void {
        const { maxSize } = this.user.options;
        this.stored = maxSize > 0 ? new StoredKeys(maxSize) : null;
    }

    private write(context: AnyContext, key: string, value: unknown, timeout?: number | null): Promise<boolean> {
        const { client, options } = this.user;
        const fullKey = this.user.fullKey(key);
        const encoded = encode(value);
        // As with keys.
        if (options.maxValue < client.limits.maxValueBytes) {
            const problem = checkValue(encoded, options.maxValue);
            if (problem !== null) throw problem;
        }
        const expires = toExpirySeconds(this.expiryMs(context, timeout));
        const flags = typeof encoded === 'string' ? 0 : BYTES_FLAG;
        const stored = client.setCounted(fullKey, encoded, expires, flags, this.stored);
        if (this.stored !== null && this.stored.evictions > this.happened.evicted) this.noteEviction(context);
        return stored;
    }

    private noteEviction(context: AnyContext): void {
        const { maxSize } = this.user.options;
        this.note(
            context,
            'evicted',
            `more than ${maxSize} values: the one stored longest ago goes (options.max_size)`,
        );
    }

    private expiryMs(context: AnyContext, timeout: number | null | undefined): number {
        if (timeout !== null && timeout !== undefined && typeof timeout !== 'number') throw invalidTimeout(timeout);
        const { options } = this.user;
        const ms = timeout && timeout > 0 ? timeout : options.timeout;
        if (ms <= options.maxExpiration) return ms;
        this.note(
            context,
            'shortened',
            `expiries are shortened to ${options.maxExpiration} ms (options.max_expiration)`,
        );
        return options.maxExpiration;
    }

    private read(context: AnyContext, held: Held): unknown {
        if (held === null) return null;
        try {
            return decode(held);
        } catch {
            this.note(
                context,
                'undecodable',
                'a value that is no JSON counts as a miss: another program may use this memcached',
            );
            return null;
        }
    }

    private note(context: AnyContext, what: keyof typeof this.happened, message: string): void {
        if (this.happened[what]++ === 0) this.user.log.warn(context, message);
    }

    /** With `fail_soft`, an answer for when memcached is away; else the error itself. */
    private soften<T>(context: AnyContext, error: unknown, answer: T): T {
        if (!this.user.options.failSoft || !isAway(error)) throw withTraceId(error, context);
        this.happened.softened++;
        if (!this.isSoftened) {
            this.isSoftened = true;
            this.user.log.warn(
                context,
                `memcached is away, the service goes on without a cache: ${(error as Error).message}`,
            );
        }
        return answer;
    }

    private harden(context: AnyContext): void {
        this.isSoftened = false;
        this.user.log.info(context, 'memcached is back, the service has its cache again');
    }
}
