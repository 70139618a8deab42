/** Initial system time of every machine. */
export const EPOCH_MS = Date.UTC(2026, 0, 1);
const MAX_RELATIVE_SECONDS = 30 * 24 * 60 * 60;
/** Value of memcached's clock at its start. */
const FIRST_SECOND = 2;

/**
 * Clock of memcached. The clock counts whole seconds, and skips a second from time to time because
 * its timer drifts.
 */
export class ServerClock {
    private readonly startedUnix: number;
    private readonly skips: number[] = [];

    constructor(
        private readonly startedMs: number,
        private readonly phaseMs: number,
    ) {
        this.startedUnix = Math.floor((EPOCH_MS + startedMs) / 1000) - FIRST_SECOND;
    }

    secondAt(ms: number): number {
        return FIRST_SECOND + Math.floor((ms - this.startedMs + this.phaseMs) / 1000) + this.skipsUntil(ms);
    }

    /** Advances the clock by one second. */
    skip(nowMs: number): void {
        this.skips.push(nowMs);
    }

    /** Returns the second in which an item expires, or Infinity. */
    toSecond(expiry: number, nowMs: number): number {
        if (expiry === 0) return Infinity;
        if (expiry < 0) return 0;
        if (expiry <= MAX_RELATIVE_SECONDS) return expiry + this.secondAt(nowMs);
        return Math.max(1, expiry - this.startedUnix);
    }

    /** Returns the first time at which the clock shows this second or a later second. */
    momentOf(second: number): number {
        const { skips } = this;
        const without = this.startedMs - this.phaseMs + (second - FIRST_SECOND) * 1000;
        for (let i = 0; i <= skips.length; i++) {
            const moment = Math.max(without - i * 1000, i === 0 ? -Infinity : skips[i - 1]!);
            if (i === skips.length || moment < skips[i]!) return moment;
        }
        return without;
    }

    private skipsUntil(ms: number): number {
        return this.skips.reduce((count, skippedMs) => count + (skippedMs <= ms ? 1 : 0), 0);
    }
}
