import type { ComponentCounters } from '../../component/ComponentCounters';
import type { AnyContext, ComponentLogger } from '../../component/ComponentLogger';
import { COUNTER_NAMES } from '../../component/counterNames';
import { LogThrottle } from '../../component/LogThrottle';
import { line, type LineKey, type ValuesOf } from '../../component/logLines';

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
    /** Values that were evicted for newer ones (`options.max_size`). */
    readonly evicted: number;
    /** Values that were not JSON by their flags or their text, and counted as misses. */
    readonly undecodable: number;
    /** Expiries that were shortened to `options.max_expiration`. */
    readonly cappedExpirations: number;
    /** Calls that were answered without memcached (`options.fail_soft`, `retrieveOrLoad`): no hits, misses or failures. */
    readonly fallbacks: number;
    /** Loaders that were called. */
    readonly loads: number;
    /** Loaded values that could not be stored. */
    readonly storeFailures: number;
    /** Loads that failed while everybody had the stale value. */
    readonly refreshFailures: number;
}

const NAMES = COUNTER_NAMES.cache;

/** Counts events, and logs those that need attention: the first of a kind, or one a minute. */
export class CacheMetrics {
    readonly counts: { -readonly [K in keyof CacheCounts]: number } = {
        hits: 0,
        misses: 0,
        stored: 0,
        failed: 0,
        evicted: 0,
        undecodable: 0,
        cappedExpirations: 0,
        fallbacks: 0,
        loads: 0,
        storeFailures: 0,
        refreshFailures: 0,
    };
    private readonly limit: LogThrottle<'fallbacks'>;

    constructor(
        private readonly log: ComponentLogger,
        private readonly counters: ComponentCounters,
    ) {
        this.limit = new LogThrottle(log);
    }

    count(what: keyof CacheCounts, count = 1): void {
        this.counts[what] += count;
        if (count > 0 && this.counters.isUsed) this.counters.increment(NAMES[what], count);
    }

    /** As `count`, of what happens with every call: a name that varies would cost more than the counting. */
    onLookup(isFound: boolean): void {
        if (isFound) this.counts.hits++;
        else this.counts.misses++;
        if (this.counters.isUsed) this.counters.increment(isFound ? NAMES.hits : NAMES.misses, 1);
    }

    /** As `lookedUp`. */
    onStored(): void {
        this.counts.stored++;
        if (this.counters.isUsed) this.counters.increment(NAMES.stored, 1);
    }

    onEvicted(context: AnyContext, count: number, maxSize: number): void {
        this.note(context, 'evicted', [maxSize], count);
    }

    onUndecodable(context: AnyContext, flags: number): void {
        this.note(context, 'undecodable', [flags]);
    }

    onCapped(context: AnyContext, maxExpiration: number): void {
        this.note(context, 'cappedExpirations', [maxExpiration]);
    }

    /** A loader was called, and has answered or failed after so many ms. */
    onLoaded(ms: number): void {
        this.count('loads');
        this.counters.stats(NAMES.loadTime, ms);
    }

    onStoreFailed(context: AnyContext, key: string, error: Error): void {
        this.note(context, 'storeFailures', [key, error.message]);
    }

    /** @param error whatever a loader may throw */
    onRefreshFailed(context: AnyContext, key: string, error: unknown): void {
        const { message } = (error ?? {}) as { message?: unknown };
        const why = [message, error].find(one => typeof one === 'string') ?? 'what it threw is no Error';
        this.note(context, 'refreshFailures', [key, String(why)]);
    }

    /** The connection says which servers are down, and when they are back. */
    onUnavailable(context: AnyContext, error: Error): void {
        this.count('fallbacks');
        this.limit.warn(context, 'fallbacks', () => line('fallbacks', error.message));
    }

    /** The counts that are told when they leave 0, by the line of the same name. */
    private note<K extends keyof CacheCounts & LineKey>(
        context: AnyContext,
        what: K,
        values: ValuesOf<K>,
        count = 1,
    ): void {
        if (this.counts[what] === 0) this.log.warn(context, line(what, ...values));
        this.count(what, count);
    }
}
