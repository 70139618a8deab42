/** The names of all counters that the components report. */
export const COUNTER_NAMES = {
    /** The counters of caches. */
    cache: {
        /** Keys that a lookup has found. */
        hits: 'memcached.cache.hits',
        /** Keys that a lookup has not found. */
        misses: 'memcached.cache.misses',
        /** Stored keys, by any verb. */
        stored: 'memcached.cache.stored',
        /** Failed calls. */
        failed: 'memcached.cache.errors',
        /** Values that the cache has evicted for newer ones (`options.max_size`). */
        evicted: 'memcached.cache.evictions',
        /** Values whose flags or text are not JSON. They count as misses. */
        undecodable: 'memcached.cache.undecodable',
        /** Expirations that the cache has capped at `options.max_expiration`. */
        cappedExpirations: 'memcached.cache.capped_expirations',
        /** Calls without memcached (`options.fail_soft`, `retrieveOrLoad`). */
        fallbacks: 'memcached.cache.fallbacks',
        /** Loader calls. */
        loads: 'memcached.cache.loads',
        /** The duration of each loader call, in ms. */
        loadTime: 'memcached.cache.load_time',
        /** Loaded values that the cache has failed to store. */
        storeFailures: 'memcached.cache.store_failures',
        /** Failed loads in the background. */
        refreshFailures: 'memcached.cache.refresh_failures',
    },
    /** The counters of locks. */
    lock: {
        /** Acquired locks. */
        acquired: 'memcached.lock.acquired',
        /** The wait for each acquired lock, in ms. */
        waitTime: 'memcached.lock.wait_time',
        /** Attempts that have found the lock held. */
        busy: 'memcached.lock.busy',
        /** Calls that have rejected with `LOCK_TIMEOUT`. */
        timedOut: 'memcached.lock.timeouts',
        /** Acquisitions that have failed with another error. */
        failed: 'memcached.lock.errors',
        /** Successful extensions. */
        extended: 'memcached.lock.extended',
        /** Successful releases. */
        released: 'memcached.lock.released',
        /** Locks that have expired, or have another holder, before their release. */
        lost: 'memcached.lock.lost',
        /** Failed releases. */
        releaseFailures: 'memcached.lock.release_failures',
        /** Locks without a holder that the component has found and deleted. */
        orphansDeleted: 'memcached.lock.orphans_deleted',
    },
} as const;

type Names = typeof COUNTER_NAMES;
type ValueOf<T> = T[keyof T];
export type CounterName = ValueOf<{ [Part in keyof Names]: ValueOf<Names[Part]> }>;
