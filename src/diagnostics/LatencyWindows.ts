import { LatencyHistogram } from './LatencyHistogram';

/** Half a minute. The last minute is this half and the one before it. */
const HALF_MS = 30_000;

/** The durations of calls, in ms. */
export interface LatencySummary {
    /** The number of calls. */
    readonly count: number;
    /** The median, at most 3 % off (`LatencyHistogram`), null if there are no calls. */
    readonly p50: number | null;
    /** The 99th percentile, as exact as the median, null if there are no calls. */
    readonly p99: number | null;
    /** The longest duration, null if there are no calls. */
    readonly max: number | null;
}

/** The durations of calls, in total and in the last 30 to 60 seconds. They need no timer. */
export class LatencyWindows {
    private current = new LatencyHistogram();
    private previous = new LatencyHistogram();
    private readonly older = new LatencyHistogram();
    private endMs: number;

    constructor(nowMs: number) {
        this.endMs = nowMs + HALF_MS;
    }

    /** Starts a new half if this one is over. Call it before each record and read. */
    rotate(nowMs: number): void {
        if (nowMs < this.endMs) return;
        this.rotateOnce();
        this.endMs += HALF_MS;
        if (nowMs < this.endMs) return;
        // A whole half has passed without a call, so neither window is of the last minute.
        this.rotateOnce();
        this.endMs = nowMs + HALF_MS;
    }

    record(us: number): void {
        this.current.record(us);
    }

    get lastMinute(): LatencySummary {
        return summarize(this.previous, this.current);
    }

    get total(): LatencySummary {
        return summarize(this.older, this.previous, this.current);
    }

    private rotateOnce(): void {
        const { previous } = this;
        this.older.add(previous);
        previous.clear();
        this.previous = this.current;
        this.current = previous;
    }
}

function summarize(...parts: readonly LatencyHistogram[]): LatencySummary {
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
