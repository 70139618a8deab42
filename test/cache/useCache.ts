import { MemcachedCache } from 'pip-services4-memcached-node';
import { configOf, type Servers, type Settings } from '../support/settings';

/** The number of values that each cache has stored before the current test. */
const storedBefore = new WeakMap<MemcachedCache, number>();

/** Returns how many values the cache has stored in this test. */
export const storedCount = (cache: MemcachedCache): number => cache.getStats().stored - (storedBefore.get(cache) ?? 0);

/**
 * Opens a cache for all tests of a file or of a `describe`. A second cache acts as another process.
 */
export function useCache(servers: Servers, settings?: Settings): MemcachedCache {
    const cache = new MemcachedCache();
    beforeEach(async () => {
        cache.configure(configOf(servers, settings));
        storedBefore.set(cache, cache.getStats().stored);
        await cache.open(null);
    });
    afterEach(() => cache.close(null));
    return cache;
}
