/** A holder relies on less than the ttl: clocks differ in speed, and memcached's may be late. */
const TRUSTED_SHARE = 0.99;
/** memcached keeps a lock up to three seconds longer than its ttl. */
const GRACE_MS = 5000;

/**
 * A moment by two clocks. Setting the time does not move the monotonic clock, but it stands still
 * while the machine is suspended. The system clock goes on then.
 */
export class Timestamp {
    readonly monotonicMs = performance.now();
    readonly systemMs = Date.now();
}

/** The time until which a holder relies on its lock. The clock that is ahead decides. */
export class LeaseDeadline {
    private readonly monotonicEndMs: number;
    private readonly systemEndMs: number;

    /** @param since before the request was sent, so that the server's ttl ends later */
    constructor(
        since: Timestamp,
        private readonly ttlMs: number,
    ) {
        this.monotonicEndMs = since.monotonicMs + ttlMs * TRUSTED_SHARE;
        this.systemEndMs = since.systemMs + ttlMs * TRUSTED_SHARE;
    }

    /** 0 when the deadline has passed. */
    get remainingMs(): number {
        return Math.max(0, Math.min(this.monotonicEndMs - performance.now(), this.systemEndMs - Date.now()));
    }

    /** The server does not have the lock any more either. */
    get isLongOver(): boolean {
        return performance.now() > this.monotonicEndMs + this.ttlMs * (1 - TRUSTED_SHARE) + GRACE_MS;
    }

    endsBefore(other: LeaseDeadline): boolean {
        return this.monotonicEndMs < other.monotonicEndMs;
    }
}
