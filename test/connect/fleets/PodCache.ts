import { Descriptor } from 'pip-services4-components-node';
import type { MemcachedCache, MemcachedConnection } from 'pip-services4-memcached-node';
import type { Opener } from '../../support/Opener';
import { URI } from './Pods';

const SHARED = new Descriptor('test', 'connection', 'memcached', 'default', '1.0');
export const KEYS = Array.from({ length: 2000 }, (_, i) => `key:${i}`);

/** A cache on the pods of a StatefulSet, with a value for each key. */
export class PodCache {
    private constructor(
        readonly connection: MemcachedConnection,
        readonly cache: MemcachedCache,
    ) {}

    static async open(open: Opener): Promise<PodCache> {
        const settings = { 'connection.uri': URI, discovery_interval: 50, retry: 50, failures: 2 };
        const connection = open.connectionOf([], settings);
        await connection.open(null);
        const cache = await open.cache([], { max_size: 0 }, open.logger.references(SHARED, connection));
        await cache.storeMany(
            null,
            KEYS.map(key => [key, key] as const),
            600_000,
        );
        return new PodCache(connection, cache);
    }

    /** Returns the server of each key. */
    homes(): Map<string, string> {
        return new Map(KEYS.map(key => [key, this.connection.getClient().homeServer(key).address]));
    }

    /** Returns the keys of a server. */
    keysOf(address: string): string[] {
        return [...this.homes()].filter(([, home]) => home === address).map(([key]) => key);
    }

    /** Returns the addresses of the servers in use, sorted. */
    inUse(): string[] {
        return this.connection
            .getStats()
            .servers.map(({ address }) => address)
            .sort();
    }

    /** Returns the keys without a value. */
    async missing(keys: readonly string[]): Promise<string[]> {
        const values = await this.cache.retrieveMany(null, [...keys]);
        return keys.filter(key => !values.has(key));
    }

    /** Stores and retrieves a key of the server. */
    async isAnswering(address: string): Promise<boolean> {
        const [key] = this.keysOf(address);
        if (key === undefined) return false;
        const stored = await this.cache.store(null, key, 'again', 600_000).catch(() => null);
        return stored === 'again' && (await this.cache.retrieve(null, key).catch(() => null)) === 'again';
    }
}
