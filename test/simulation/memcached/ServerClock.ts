/** The time of day that all machines agree on until a clock is set. */
export const EPOCH_MS = Date.UTC(2026, 0, 1);
const LONGEST_RELATIVE_SECONDS = 30 * 24 * 60 * 60;
/** memcached's own time when it starts. */
const FIRST_SECOND = 2;

/** memcached's clock: whole seconds, which tick at a phase that drifts, so that now and then one is skipped. */
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

    /** From now on the clock is a second further. */
    skip(nowMs: number): void {
        this.skips.push(nowMs);
    }

    /** The second in which an item dies; Infinity: never. */
    toSecond(expiry: number, nowMs: number): number {
        if (expiry === 0) return Infinity;
        if (expiry <= LONGEST_RELATIVE_SECONDS) return expiry + this.secondAt(nowMs);
        return Math.max(1, expiry - this.startedUnix);
    }

    /** The first moment at which it shows this second or a later one. */
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
