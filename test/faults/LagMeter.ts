const EVERY_MS = 5;

/** How late this process itself is: by so much may a call be late on a busy machine without the client being at fault. */
export class LagMeter {
    maxMs = 0;
    private last = performance.now();
    private readonly timer = setInterval(() => this.tick(), EVERY_MS);

    stop(): void {
        clearInterval(this.timer);
        this.tick();
    }

    private tick(): void {
        const now = performance.now();
        this.maxMs = Math.max(this.maxMs, now - this.last - EVERY_MS);
        this.last = now;
    }
}
