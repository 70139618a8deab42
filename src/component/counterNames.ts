/** The names of all counters that the components report. */
export const COUNTER_NAMES = {
    cache: {
        hits: 'memcached.cache.hits',
        misses: 'memcached.cache.misses',
        stored: 'memcached.cache.stored',
        failed: 'memcached.cache.errors',
        evicted: 'memcached.cache.evictions',
        undecodable: 'memcached.cache.undecodable',
        cappedExpirations: 'memcached.cache.capped_expirations',
        fallbacks: 'memcached.cache.fallbacks',
        loads: 'memcached.cache.loads',
        loadTime: 'memcached.cache.load_time',
        storeFailures: 'memcached.cache.store_failures',
        refreshFailures: 'memcached.cache.refresh_failures',
    },
    lock: {
        acquired: 'memcached.lock.acquired',
        waitTime: 'memcached.lock.wait_time',
        busy: 'memcached.lock.busy',
        timedOut: 'memcached.lock.timeouts',
        failed: 'memcached.lock.errors',
        extended: 'memcached.lock.extended',
        released: 'memcached.lock.released',
        lost: 'memcached.lock.lost',
        releaseFailures: 'memcached.lock.release_failures',
        orphansDeleted: 'memcached.lock.orphans_deleted',
    },
} as const;

type Names = typeof COUNTER_NAMES;
type ValueOf<T> = T[keyof T];
export type CounterName = ValueOf<{ [Part in keyof Names]: ValueOf<Names[Part]> }>;
