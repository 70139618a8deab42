import type { ComponentCounters } from '../../component/ComponentCounters';
import type { AnyContext, ComponentLogger } from '../../component/ComponentLogger';
import { COUNTER_NAMES } from '../../component/counterNames';
import { LogThrottle } from '../../component/LogThrottle';
import { line, type LineKey, type ValuesOf } from '../../component/logLines';

/** Events since the creation of the component. */
export class CacheCounts {
    /** Keys that a lookup has found. Each key of a batch counts. */
    readonly hits: number = 0;
    /** Keys that a lookup has not found. A failed lookup is no miss. */
    readonly misses: number = 0;
    /** Stored keys, by any verb. */
    readonly stored: number = 0;
    /** Failed calls. */
    readonly failed: number = 0;
    /** Values that the cache has evicted for newer ones (`options.max_size`). */
    readonly evicted: number = 0;
    /** Values whose flags or text are not JSON. They count as misses. */
    readonly undecodable: number = 0;
    /** Expirations that the cache has capped at `options.max_expiration`. */
    readonly cappedExpirations: number = 0;
    /** Calls without memcached (`options.fail_soft`, `retrieveOrLoad`). They are no misses. */
    readonly fallbacks: number = 0;
    /** Loader calls. */
    readonly loads: number = 0;
    /** Loaded values that the cache has failed to store. */
    readonly storeFailures: number = 0;
    /** Failed loads in the background. Their callers get the stale value. */
    readonly refreshFailures: number = 0;
}

const NAMES = COUNTER_NAMES.cache;

/** The counter of events. It logs the first event of some kinds, and one fallback per minute. */
export class CacheMetrics {
    readonly counts: { -readonly [K in keyof CacheCounts]: number } = new CacheCounts();
    private readonly throttle: LogThrottle<'fallbacks'>;

    constructor(
        private readonly log: ComponentLogger,
        private readonly counters: ComponentCounters,
    ) {
        this.throttle = new LogThrottle(log);
    }

    count(what: keyof CacheCounts, count = 1): void {
        this.counts[what] += count;
        if (count > 0 && this.counters.isUsed) this.counters.increment(NAMES[what], count);
    }

    /** Counts a hit or a miss. Every read does so, and a fixed name costs less than `count`. */
    onLookup(isFound: boolean): void {
        if (isFound) this.counts.hits++;
        else this.counts.misses++;
        if (this.counters.isUsed) this.counters.increment(isFound ? NAMES.hits : NAMES.misses, 1);
    }

    /** Counts a stored value, at a low cost like `onLookup`. */
    onStored(): void {
        this.counts.stored++;
        if (this.counters.isUsed) this.counters.increment(NAMES.stored, 1);
    }

    onLoaded(ms: number): void {
        this.count('loads');
        this.counters.stats(NAMES.loadTime, ms);
    }

    /** @param error any value that a loader has thrown */
    onRefreshFailed(context: AnyContext, key: string, error: unknown): void {
        const { message } = (error ?? {}) as { message?: unknown };
        const cause = [message, error].find(one => typeof one === 'string') ?? 'the loader threw no Error';
        this.note(context, 'refreshFailures', [key, String(cause)]);
    }

    /** Counts a fallback. Logs its error at most once a minute. */
    onUnavailable(context: AnyContext, error: Error): void {
        this.count('fallbacks');
        this.throttle.warn(context, 'fallbacks', () => line('fallbacks', error.message));
    }

    /** Counts an event, and logs the first of its kind with the line of the same name. */
    note<K extends keyof CacheCounts & LineKey>(context: AnyContext, what: K, values: ValuesOf<K>, count = 1): void {
        if (this.counts[what] === 0) this.log.warn(context, line(what, ...values));
        this.count(what, count);
    }
}
