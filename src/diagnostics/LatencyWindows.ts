import { LatencyHistogram } from './LatencyHistogram';

/** The last minute is this half and the one before it. */
const HALF_MS = 30_000;

/** How long calls took. */
export interface LatencySummary {
    /** How many. */
    readonly count: number;
    /** ms that half of them did not exceed, at most 3 % off; null when there were none. */
    readonly p50: number | null;
    readonly p99: number | null;
    readonly max: number | null;
}

/** How long calls took, since the beginning and in the last 30 to 60 seconds. Time passes when somebody looks or writes: there is no timer. */
export class LatencyWindows {
    private current = new LatencyHistogram();
    private previous = new LatencyHistogram();
    private readonly older = new LatencyHistogram();
    private endMs: number;

    constructor(nowMs: number) {
        this.endMs = nowMs + HALF_MS;
    }

    /** To be told the time before something is put in or read. */
    rotate(nowMs: number): void {
        if (nowMs < this.endMs) return;
        this.rotateOnce();
        this.endMs += HALF_MS;
        if (nowMs < this.endMs) return;
        // After a half in which nothing happened neither is of the last minute.
        this.rotateOnce();
        this.endMs = nowMs + HALF_MS;
    }

    record(us: number): void {
        this.current.record(us);
    }

    get lastMinute(): LatencySummary {
        return summary(this.previous, this.current);
    }

    get total(): LatencySummary {
        return summary(this.older, this.previous, this.current);
    }

    private rotateOnce(): void {
        const { previous: before } = this;
        this.older.add(before);
        before.clear();
        this.previous = this.current;
        this.current = before;
    }
}

function summary(...parts: readonly LatencyHistogram[]): LatencySummary {
    const whole = new LatencyHistogram();
    for (const part of parts) whole.add(part);
    const { count } = whole;
    return Object.freeze({
        count,
        p50: whole.percentile(50),
        p99: whole.percentile(99),
        max: count === 0 ? null : whole.maxUs / 1000,
    });
}
