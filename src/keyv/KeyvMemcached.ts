import { EventEmitter } from 'node:events';
import { BatchException } from '../cache/model/errors';
import { BaseCache } from './BaseCache';
import { fromStored, isLive, toStored } from './envelope';
import { splitOptions, type KeyvMemcachedOptions } from './KeyvMemcachedOptions';
import { NamespaceCache } from './NamespaceCache';

/** An entry of `setMany`. */
export interface KeyvEntry {
    /** Any text. */
    readonly key: string;
    /** The text of Keyv's serializer, bytes, or a value that JSON can represent. */
    readonly value: unknown;
    /** The lifetime in ms. Absent or 0: for ever. Negative: expired. */
    readonly ttl?: number | undefined;
}

/**
 * memcached may drop a value up to 2 s early. The exact time stands in Keyv's envelope of the
 * value, which Keyv checks.
 */
const EARLY_MS = 2000;

/**
 * A store for Keyv 5 and 6, and for the packages that build on Keyv: cache-manager, NestJS,
 * cacheable, Apollo. See docs/keyv.md.
 *
 * It opens its connection at the first call. Errors become the event `error`, which Keyv forwards.
 * A read that fails answers like a miss. A write that fails rejects, and Keyv answers false.
 *
 * Use one store for each Keyv, because Keyv sets `namespace`. Stores can share a connection: give
 * them the same `cache`.
 *
 * @example
 * const store = new KeyvMemcached({ uri: 'memcached://localhost:11211', namespace: 'my-app' });
 * // Give it to Keyv: new Keyv({ store })
 */
export class KeyvMemcached extends EventEmitter {
    /** Keyv 5 asks for it. */
    readonly opts: Record<string, unknown> = { dialect: 'memcached' };
    private readonly base: BaseCache;
    private readonly ownNamespace: string;
    private keyvNamespace: string | undefined;
    private cache: NamespaceCache;

    /**
     * @param options the servers, as a uri or like a component's configuration, or a `cache`
     * @throws ConfigException INVALID_OPTION, NO_CONNECTION
     */
    constructor(options: string | KeyvMemcachedOptions) {
        super();
        const [namespace, source] = splitOptions(typeof options === 'string' ? { uri: options } : (options ?? {}));
        this.ownNamespace = namespace;
        this.base = BaseCache.of(source);
        this.cache = this.newCache();
    }

    /** The namespace of Keyv. It comes below the option `namespace`. */
    get namespace(): string | undefined {
        return this.keyvNamespace;
    }

    /** Changes the namespace of the next calls. */
    set namespace(namespace: string | undefined) {
        if (namespace === this.keyvNamespace) return;
        this.keyvNamespace = namespace;
        this.cache.close();
        this.cache = this.newCache();
    }

    /** Returns the value, or undefined on a miss or an error. */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- Keyv's signature
    async get(key: string): Promise<any> {
        const { cache } = this;
        try {
            return fromStored(await cache.run(open => open.retrieve(null, cache.toKey(key))));
        } catch (error) {
            this.report(error);
            return undefined;
        }
    }

    /** Returns the values in the order of the keys. A miss or a failed key is undefined. */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- Keyv's signature
    async getMany(keys: readonly string[]): Promise<any[]> {
        const { cache } = this;
        try {
            return await cache.run(async open => {
                const wanted = keys.map(key => cache.toKey(key));
                const found = await open.retrieveMany(null, wanted).catch((error: unknown) => this.foundDespite(error));
                return wanted.map(key => fromStored(found.get(key) ?? null));
            });
        } catch (error) {
            this.report(error);
            return keys.map(() => undefined);
        }
    }

    /** Returns whether there is a value that has not expired, and false on an error. */
    async has(key: string): Promise<boolean> {
        return isLive(await this.get(key));
    }

    /** Returns for each key whether it has a value, like `has`. */
    async hasMany(keys: readonly string[]): Promise<boolean[]> {
        return (await this.getMany(keys)).map(isLive);
    }

    /**
     * Stores the value. Null and undefined remove it.
     * @param ttl in ms. Absent or 0: for ever. Negative: expired
     * @throws the error of the cache
     */
    async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
        const { cache } = this;
        const stored = ttl !== undefined && ttl < 0 ? null : toStored(value);
        const timeout = ttl ? ttl + EARLY_MS : undefined;
        await cache.run(open => open.store(null, cache.toKey(key), stored, timeout));
        return true;
    }

    /** Stores the values, and returns a list that says for each whether it is stored. */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- Keyv 5 declares void
    async setMany(entries: readonly KeyvEntry[]): Promise<any> {
        const settled = await Promise.allSettled(entries.map(({ key, value, ttl }) => this.set(key, value, ttl)));
        const failed = settled.find(({ status }) => status === 'rejected');
        if (failed !== undefined) this.report((failed as PromiseRejectedResult).reason);
        return settled.map(({ status }) => status === 'fulfilled');
    }

    /**
     * Removes the value. Returns whether there was one.
     * @throws the error of the cache
     */
    async delete(key: string): Promise<boolean> {
        const { cache } = this;
        return (await cache.run(open => open.remove(null, cache.toKey(key)))) !== null;
    }

    /**
     * Removes the values. Returns whether each key had one.
     * @throws the error of the cache when a key fails
     */
    async deleteMany(keys: readonly string[]): Promise<boolean> {
        const deleted = await Promise.all(keys.map(key => this.delete(key)));
        return deleted.every(Boolean);
    }

    /**
     * Removes all values of the namespace, and no others.
     * @throws the error of the cache
     */
    async clear(): Promise<void> {
        await this.cache.run(open => open.clear(null));
    }

    /** Ends the use of the connection, and closes it if it is the store's own. */
    async disconnect(): Promise<void> {
        const closing = this.base.close();
        this.cache.close();
        await closing;
    }

    private newCache(): NamespaceCache {
        return new NamespaceCache(this.base, [this.ownNamespace, this.keyvNamespace ?? '']);
    }

    /** Reports the error of a batch. Returns the values of the keys that have not failed. */
    private foundDespite(error: unknown): ReadonlyMap<string, unknown> {
        this.report(error);
        return error instanceof BatchException ? error.found : new Map();
    }

    /** Emits the event, unless there is no listener. Node would throw the error. */
    private report(error: unknown): void {
        if (this.listenerCount('error') > 0) this.emit('error', error);
    }
}
