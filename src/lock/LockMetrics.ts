import type { ComponentCounters } from '../component/ComponentCounters';
import type { AnyContext, ComponentLogger } from '../component/ComponentLogger';
import { COUNTER_NAMES } from '../component/counterNames';
import { LogThrottle } from '../component/LogThrottle';
import { line } from '../component/logLines';

/** The counts of a lock component since its creation. */
export interface LockCounts {
    /** Acquired locks. */
    readonly acquired: number;
    /** The total wait for acquired locks, in ms. */
    readonly waitedMs: number;
    /** Attempts that have found the lock held. */
    readonly busy: number;
    /** Calls that have rejected with LOCK_TIMEOUT. */
    readonly timedOut: number;
    /** Calls that have failed with another error than LOCK_TIMEOUT. The lock may have been free. */
    readonly failed: number;
    /** Successful extensions. */
    readonly extended: number;
    /** Successful releases. */
    readonly released: number;
    /** Locks that have expired, or have another holder, before their release. */
    readonly lost: number;
    /** Failed releases. The lock stays until the component deletes it or its ttl ends. */
    readonly releaseFailures: number;
    /** Locks without a holder that the component has found and deleted. */
    readonly orphansDeleted: number;
}

/** The counts and warnings of a lock component. It logs at most one warning a minute per kind. */
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
    private readonly throttle: LogThrottle<'lost' | 'releaseFailures'>;

    constructor(
        log: ComponentLogger,
        private readonly counters: ComponentCounters,
    ) {
        this.throttle = new LogThrottle(log);
    }

    count(what: Exclude<keyof LockCounts, 'waitedMs'>): void {
        this.counts[what]++;
        this.counters.increment(COUNTER_NAMES.lock[what], 1);
    }

    onAcquired(waitedMs: number): void {
        this.count('acquired');
        this.counts.waitedMs += waitedMs;
        this.counters.stats(COUNTER_NAMES.lock.waitTime, waitedMs);
    }

    onLost(context: AnyContext, key: string): void {
        this.count('lost');
        this.throttle.warn(context, 'lost', () => line('lockLost', key));
    }

    onReleaseFailed(context: AnyContext, key: string, error: Error): void {
        this.count('releaseFailures');
        this.throttle.warn(context, 'releaseFailures', () => line('lockReleaseFailed', key, error.message));
    }
}
