import { MemcachedCache } from 'pip-services4-memcached-node';
import { configOf, type Servers, type Settings } from '../support/settings';

/** What the caches had stored before the test that runs. */
const storedBefore = new WeakMap<MemcachedCache, number>();

/** How many values the cache has stored in this test. */
export const storedCount = (cache: MemcachedCache): number => cache.getStats().stored - (storedBefore.get(cache) ?? 0);

/** A cache that is open in all tests of a file or of a `describe`. Another one is like another process. */
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
