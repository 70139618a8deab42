/** Of a ttl, what the holder believes in: clocks do not run equally fast, and memcached's ticks may be late. */
const TRUSTED_SHARE = 0.99;

/**
 * A moment, by two clocks. The monotonic one is not moved by who sets the time, but it stands still while the machine is suspended; the other one goes on.
 */
export class Timestamp {
    readonly monotonicMs = performance.now();
    readonly systemMs = Date.now();
}

/** Until when a holder believes that the lock is held: until the first of two clocks says that it is over. */
export class LeaseDeadline {
    private readonly monotonicEndMs: number;
    private readonly systemEndMs: number;

    /** @param since when the request had not been sent yet */
    constructor(
        since: Timestamp,
        private readonly ttlMs: number,
    ) {
        this.monotonicEndMs = since.monotonicMs + ttlMs * TRUSTED_SHARE;
        this.systemEndMs = since.systemMs + ttlMs * TRUSTED_SHARE;
    }

    /** 0 when it is over. */
    get remainingMs(): number {
        return Math.max(0, Math.min(this.monotonicEndMs - performance.now(), this.systemEndMs - Date.now()));
    }

    /** After that the server does not have the lock any more either. */
    get isLongOver(): boolean {
        return performance.now() > this.monotonicEndMs + this.ttlMs * (1 - TRUSTED_SHARE) + 5000;
    }

    endsBefore(other: LeaseDeadline): boolean {
        return this.monotonicEndMs < other.monotonicEndMs;
    }
}
