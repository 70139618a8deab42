import type { ComponentCounters } from '../connect/ComponentCounters';
import type { AnyContext, ComponentLog } from '../connect/ComponentLog';
import { COUNTER_NAMES } from '../connect/counterNames';
import { line, type LogLine } from '../connect/logLines';

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

const SAID_AGAIN_AFTER_MS = 60_000;

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
    private readonly said: Partial<Record<keyof LockCounts, { atMs: number; count: number }>> = {};

    constructor(
        private readonly log: ComponentLog,
        private readonly counters: ComponentCounters,
    ) {}

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
        this.warn(context, 'lost', line('lockLost', key));
    }

    unreleased(context: AnyContext, key: string, error: Error): void {
        this.warn(context, 'unreleased', line('lockUnreleased', key, error.message));
    }

    private warn(context: AnyContext, what: 'lost' | 'unreleased', message: LogLine<'warn'>): void {
        this.count(what);
        const count = this.counts[what];
        const said = this.said[what];
        const nowMs = performance.now();
        if (said !== undefined && nowMs - said.atMs < SAID_AGAIN_AFTER_MS) return;
        this.said[what] = { atMs: nowMs, count };
        const unsaid = count - (said?.count ?? 0) - 1;
        this.log.warn(context, unsaid > 0 ? line('again', message, unsaid) : message);
    }
}
