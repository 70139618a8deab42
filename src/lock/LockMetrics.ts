import type { ComponentCounters } from '../component/ComponentCounters';
import type { AnyContext, ComponentLogger } from '../component/ComponentLogger';
import { COUNTER_NAMES } from '../component/counterNames';
import { LogThrottle } from '../component/LogThrottle';
import { line } from '../component/logLines';

/** What has happened since the component was made. */
export interface LockCounts {
    /** Locks that were acquired, and the ms that were waited for them. */
    readonly acquired: number;
    readonly waitedMs: number;
    /** Tries that found the lock held by somebody. */
    readonly busy: number;
    /** LOCK_TIMEOUT. */
    readonly timedOut: number;
    /** Acquisitions that failed otherwise: nobody knows whether the lock was free. */
    readonly failed: number;
    readonly extended: number;
    readonly released: number;
    /** Locks that were gone, or somebody else's, before they were released. */
    readonly lost: number;
    /** Releases that failed: the lock stays until it is cleaned up or its ttl is over. */
    readonly releaseFailures: number;
    /** Locks of which nobody knew, found and deleted. */
    readonly orphansDeleted: number;
}

/** Counts, and says in the log what somebody should look at: each kind at most once a minute. */
export class LockMetrics {
    readonly counts: { -readonly [K in keyof LockCounts]: number } = {
        acquired: 0,
        waitedMs: 0,
        busy: 0,
        timedOut: 0,
        failed: 0,
        extended: 0,
        released: 0,
        lost: 0,
        releaseFailures: 0,
        orphansDeleted: 0,
    };
    private readonly log: LogThrottle<'lost' | 'releaseFailures'>;

    constructor(
        log: ComponentLogger,
        private readonly counters: ComponentCounters,
    ) {
        this.log = new LogThrottle(log);
    }

    count(what: Exclude<keyof LockCounts, 'waitedMs'>): void {
        this.counts[what]++;
        this.counters.incrementOne(COUNTER_NAMES.lock[what]);
    }

    onAcquired(waitedMs: number): void {
        this.count('acquired');
        this.counts.waitedMs += waitedMs;
        this.counters.stats(COUNTER_NAMES.lock.waitTime, waitedMs);
    }

    onLost(context: AnyContext, key: string): void {
        this.count('lost');
        this.log.warn(context, 'lost', () => line('lockLost', key));
    }

    onReleaseFailed(context: AnyContext, key: string, error: Error): void {
        this.count('releaseFailures');
        this.log.warn(context, 'releaseFailures', () => line('lockReleaseFailed', key, error.message));
    }
}
