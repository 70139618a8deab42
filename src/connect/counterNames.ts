/** The name of every counter, as the referenced counters know it. */
export const COUNTER_NAMES = {
    cache: {
        hits: 'memcached.cache.hits',
        misses: 'memcached.cache.misses',
        stored: 'memcached.cache.stored',
        failed: 'memcached.cache.errors',
        evicted: 'memcached.cache.evictions',
        undecodable: 'memcached.cache.undecodable',
        shortened: 'memcached.cache.shortened',
        softened: 'memcached.cache.softened',
        loads: 'memcached.cache.loads',
        loadTime: 'memcached.cache.load_time',
        unstored: 'memcached.cache.unstored',
        unrefreshed: 'memcached.cache.unrefreshed',
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
        unreleased: 'memcached.lock.unreleased',
        cleaned: 'memcached.lock.cleaned',
    },
} as const;

type Names = typeof COUNTER_NAMES;
type ValueOf<T> = T[keyof T];
export type CounterName = ValueOf<{ [Part in keyof Names]: ValueOf<Names[Part]> }>;
