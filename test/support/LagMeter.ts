const EVERY_MS = 5;

/**
 * Measures how late this process is. A call may be late by so much on a busy machine without the
 * client being at fault.
 */
export class LagMeter {
    /** The longest single delay. */
    maxMs = 0;
    /** All delays together. */
    totalMs = 0;
    private last = performance.now();
    private readonly timer = setInterval(() => this.tick(), EVERY_MS);

    stop(): void {
        clearInterval(this.timer);
        this.tick();
    }

    private tick(): void {
        const now = performance.now();
        const lateMs = Math.max(0, now - this.last - EVERY_MS);
        this.maxMs = Math.max(this.maxMs, lateMs);
        this.totalMs += lateMs;
        this.last = now;
    }
}

/** How long `work` takes, less the time for which this process was late. For upper bounds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
    const lag = new LagMeter();
    const begun = performance.now();
    try {
        await work();
    } finally {
        lag.stop();
    }
    return performance.now() - begun - lag.totalMs;
}
