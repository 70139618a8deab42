import type { ComponentCounters } from '../connect/ComponentCounters';
import type { AnyContext, ComponentLog } from '../connect/ComponentLog';
import { COUNTER_NAMES } from '../connect/counterNames';
import { LogLimit } from '../connect/LogLimit';
import { line, type LineKey, type ValuesOf } from '../connect/logLines';

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
    readonly shortened: number;
    /** Calls that were answered without memcached (`options.fail_soft`, `retrieveOrLoad`): no hits, misses or failures. */
    readonly softened: number;
    /** Loaders that were called. */
    readonly loads: number;
    /** Loaded values that could not be stored. */
    readonly unstored: number;
    /** Loads that failed while everybody had the stale value. */
    readonly unrefreshed: number;
}

const NAMES = COUNTER_NAMES.cache;

/** Counts events, and logs those that need attention: the first of a kind, or one a minute. */
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
    private readonly limit: LogLimit<'softened'>;

    constructor(
        private readonly log: ComponentLog,
        private readonly counters: ComponentCounters,
    ) {
        this.limit = new LogLimit(log);
    }

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
        this.note(context, 'evicted', [maxSize], count);
    }

    undecodable(context: AnyContext, flags: number): void {
        this.note(context, 'undecodable', [flags]);
    }

    shortened(context: AnyContext, maxExpiration: number): void {
        this.note(context, 'shortened', [maxExpiration]);
    }

    /** A loader was called, and has answered or failed after so many ms. */
    loaded(ms: number): void {
        this.count('loads');
        this.counters.stats(NAMES.loadTime, ms);
    }

    unstored(context: AnyContext, key: string, error: Error): void {
        this.note(context, 'unstored', [key, error.message]);
    }

    /** @param error whatever a loader may throw */
    unrefreshed(context: AnyContext, key: string, error: unknown): void {
        const { message } = (error ?? {}) as { message?: unknown };
        const why = [message, error].find(one => typeof one === 'string') ?? 'what it threw is no Error';
        this.note(context, 'unrefreshed', [key, String(why)]);
    }

    /** The connection says which servers are down, and when they are back. */
    softened(context: AnyContext, error: Error): void {
        this.count('softened');
        this.limit.warn(context, 'softened', () => line('softened', error.message));
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
