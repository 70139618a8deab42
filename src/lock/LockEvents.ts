import type { ComponentCounters } from '../connect/ComponentCounters';
import type { AnyContext, ComponentLog } from '../connect/ComponentLog';
import { COUNTER_NAMES } from '../connect/counterNames';
import { LogLimit } from '../connect/LogLimit';
import { line } from '../connect/logLines';

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
    readonly unreleased: number;
    /** Locks of which nobody knew, found and deleted. */
    readonly cleaned: number;
}

/** Counts, and says in the log what somebody should look at: each kind at most once a minute. */
export class LockEvents {
    readonly counts: { -readonly [K in keyof LockCounts]: number } = {
        acquired: 0,
        waitedMs: 0,
        busy: 0,
        timedOut: 0,
        failed: 0,
        extended: 0,
        released: 0,
        lost: 0,
        unreleased: 0,
        cleaned: 0,
    };
    private readonly log: LogLimit<'lost' | 'unreleased'>;

    constructor(
        log: ComponentLog,
        private readonly counters: ComponentCounters,
    ) {
        this.log = new LogLimit(log);
    }

    count(what: Exclude<keyof LockCounts, 'waitedMs'>): void {
        this.counts[what]++;
        this.counters.incrementOne(COUNTER_NAMES.lock[what]);
    }

    acquired(waitedMs: number): void {
        this.count('acquired');
        this.counts.waitedMs += waitedMs;
        this.counters.stats(COUNTER_NAMES.lock.waitTime, waitedMs);
    }

    lost(context: AnyContext, key: string): void {
        this.count('lost');
        this.log.warn(context, 'lost', () => line('lockLost', key));
    }

    unreleased(context: AnyContext, key: string, error: Error): void {
        this.count('unreleased');
        this.log.warn(context, 'unreleased', () => line('lockUnreleased', key, error.message));
    }
}
