import { MemcachedCache } from 'pip-services4-memcached-node';
import { configOf, type Servers, type Settings } from '../support/settings';

/** A cache that is open in all tests of a file or of a `describe`. Another one is like another process. */
export function useCache(servers: Servers, settings?: Settings): MemcachedCache {
    const cache = new MemcachedCache();
    beforeEach(async () => {
        cache.configure(configOf(servers, settings));
        await cache.open(null);
    });
    afterEach(() => cache.close(null));
    return cache;
}
