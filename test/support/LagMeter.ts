const EVERY_MS = 5;

/**
 * Measures the lag of this process. On a busy machine, this lag delays calls without a fault of the
 * client.
 */
export class LagMeter {
    /** The maximum single delay. */
    maxMs = 0;
    /** The sum of all delays. */
    totalMs = 0;
    private readonly delays: { endMs: number; ms: number }[] = [];
    private last = performance.now();
    private readonly timer = setInterval(() => this.tick(), EVERY_MS);

    stop(): void {
        clearInterval(this.timer);
        this.tick();
    }

    /**
     * Returns the sum of the delays that have ended after this `performance.now()`, plus the
     * current delay.
     */
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

/** Returns the duration of `work` less the lag of this process. Use it for upper bounds. */
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
