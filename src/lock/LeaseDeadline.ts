/** The trusted share of the ttl. Clock speeds differ, and memcached's clock may be late. */
const TRUSTED_SHARE = 0.99;
/** The margin after the ttl. memcached keeps a lock up to three seconds longer than its ttl. */
const GRACE_MS = 5000;

/**
 * A moment by two clocks. A change of the system time does not move the monotonic clock. A
 * suspended machine stops the monotonic clock, but not the system clock.
 */
export class Timestamp {
    readonly monotonicMs = performance.now();
    readonly systemMs = Date.now();
}

/** The time until which a holder relies on its lock, by the clock that is ahead. */
export class LeaseDeadline {
    private readonly monotonicEndMs: number;
    private readonly systemEndMs: number;

    /** @param since a moment before the request, so that the server's ttl ends later */
    constructor(
        since: Timestamp,
        readonly ttlMs: number,
    ) {
        this.monotonicEndMs = since.monotonicMs + ttlMs * TRUSTED_SHARE;
        this.systemEndMs = since.systemMs + ttlMs * TRUSTED_SHARE;
    }

    get remainingMs(): number {
        return Math.max(0, Math.min(this.monotonicEndMs - performance.now(), this.systemEndMs - Date.now()));
    }

    /** Returns whether the server, too, has removed the lock. */
    get isLongOver(): boolean {
        return performance.now() > this.monotonicEndMs + this.ttlMs * (1 - TRUSTED_SHARE) + GRACE_MS;
    }

    endsBefore(other: LeaseDeadline): boolean {
        return this.monotonicEndMs < other.monotonicEndMs;
    }
}
