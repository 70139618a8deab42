import type { ComponentCounters } from '../connect/ComponentCounters';
import type { AnyContext, ComponentLog } from '../connect/ComponentLog';

/** What has happened since the component was made. */
export interface CacheCounts {
    /** Keys that were looked up and found; each key of a batch counts. */
    readonly hits: number;
    /** Keys that were looked up and not found. What could not be asked for is no miss. */
    readonly misses: number;
    /** Keys that were stored, in whatever way. */
    readonly stored: number;
    /** Calls that failed. */
    readonly failed: number;
    /** Values that had to go for others (`options.max_size`). */
    readonly evicted: number;
    /** Values that were no JSON, and counted as misses. */
    readonly undecodable: number;
    /** Expiries that were shortened to `options.max_expiration`. */
    readonly shortened: number;
    /** Answers that were given while memcached was away (`options.fail_soft`); they are neither hits nor misses nor failed. */
    readonly softened: number;
    /** Loaders that were called. */
    readonly loads: number;
    /** Loaded values that could not be stored. */
    readonly unstored: number;
    /** Loads that failed while everybody had the stale value. */
    readonly unrefreshed: number;
}

/** As the referenced counters know them. */
const NAMES: Readonly<Record<keyof CacheCounts, string>> = {
    hits: 'memcached.cache.hits',
    misses: 'memcached.cache.misses',
    stored: 'memcached.cache.stored',
    failed: 'memcached.cache.errors',
    evicted: 'memcached.cache.evictions',
    undecodable: 'memcached.cache.undecodable',
    shortened: 'memcached.cache.shortened',
    softened: 'memcached.cache.softened',
    loads: 'memcached.cache.loads',
    unstored: 'memcached.cache.unstored',
    unrefreshed: 'memcached.cache.unrefreshed',
};

/** Counts what happens, and says in the log what somebody should look at: once when it first happens, or once per change of state. */
export class CacheEvents {
    readonly counts: { -readonly [K in keyof CacheCounts]: number } = {
        hits: 0,
        misses: 0,
        stored: 0,
        failed: 0,
        evicted: 0,
        undecodable: 0,
        shortened: 0,
        softened: 0,
        loads: 0,
        unstored: 0,
        unrefreshed: 0,
    };
    /** Memcached is away, and the service goes on without it. */
    private isSoftened = false;

    constructor(
        private readonly log: ComponentLog,
        private readonly counters: ComponentCounters,
    ) {}

    count(what: keyof CacheCounts, count = 1): void {
        this.counts[what] += count;
        if (count > 0 && this.counters.isUsed) this.counters.increment(NAMES[what], count);
    }

    /** As `count`, of what happens with every call: a name that varies would cost more than the counting. */
    lookedUp(isFound: boolean): void {
        if (isFound) this.counts.hits++;
        else this.counts.misses++;
        if (this.counters.isUsed) this.counters.increment(isFound ? NAMES.hits : NAMES.misses, 1);
    }

    /** As `lookedUp`. */
    stored(): void {
        this.counts.stored++;
        if (this.counters.isUsed) this.counters.increment(NAMES.stored, 1);
    }

    evicted(context: AnyContext, count: number, maxSize: number): void {
        const message = `more than ${maxSize} values: the one stored longest ago goes (options.max_size)`;
        this.note(context, 'evicted', message, count);
    }

    undecodable(context: AnyContext): void {
        const message = 'a value that is no JSON counts as a miss: another program may use this memcached';
        this.note(context, 'undecodable', message);
    }

    shortened(context: AnyContext, maxExpiration: number): void {
        const message = `expiries are shortened to ${maxExpiration} ms (options.max_expiration)`;
        this.note(context, 'shortened', message);
    }

    /** A loader was called, and has answered or failed after so many ms. */
    loaded(ms: number): void {
        this.count('loads');
        this.counters.stats('memcached.cache.load_time', ms);
    }

    unstored(context: AnyContext, key: string, error: Error): void {
        this.note(context, 'unstored', `what was loaded for ${key} could not be stored: ${error.message}`);
    }

    /** @param error whatever a loader may throw */
    unrefreshed(context: AnyContext, key: string, error: unknown): void {
        const { message } = (error ?? {}) as { message?: unknown };
        const why = [message, error].find(one => typeof one === 'string') ?? 'what it threw is no Error';
        this.note(context, 'unrefreshed', `loading ${key} failed, its stale value stays while it may: ${String(why)}`);
    }

    softened(context: AnyContext, error: Error): void {
        this.count('softened');
        if (this.isSoftened) return;
        this.isSoftened = true;
        this.log.warn(context, `memcached is away, the service goes on without a cache: ${error.message}`);
    }

    /** Memcached has answered. */
    answered(context: AnyContext): void {
        if (this.isSoftened) this.hardened(context);
    }

    private hardened(context: AnyContext): void {
        this.isSoftened = false;
        this.log.info(context, 'memcached is back, the service has its cache again');
    }

    private note(context: AnyContext, what: keyof CacheCounts, message: string, count = 1): void {
        if (this.counts[what] === 0) this.log.warn(context, message);
        this.count(what, count);
    }
}
