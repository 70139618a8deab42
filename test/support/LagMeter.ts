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
    private readonly delays: { endMs: number; ms: number }[] = [];
    private last = performance.now();
    private readonly timer = setInterval(() => this.tick(), EVERY_MS);

    stop(): void {
        clearInterval(this.timer);
        this.tick();
    }

    /** All delays that ended after this time of `performance.now()`, and the current one. */
    since(startMs: number): number {
        let sumMs = this.currentMs();
        for (let i = this.delays.length - 1; i >= 0; i--) {
            const { endMs, ms } = this.delays[i]!;
            if (endMs < startMs) break;
            sumMs += ms;
        }
        return sumMs;
    }

    private currentMs(): number {
        return Math.max(0, performance.now() - this.last - EVERY_MS);
    }

    private tick(): void {
        const ms = this.currentMs();
        this.last = performance.now();
        this.maxMs = Math.max(this.maxMs, ms);
        this.totalMs += ms;
        if (ms > 0) this.delays.push({ endMs: this.last, ms });
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
