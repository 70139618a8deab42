/** How pauses between attempts grow. Each is twice the one before. */
export interface Backoff {
    readonly firstMs: number;
    readonly maxMs: number;
    /** The share of a pause, 0 to 1, that is taken off at random. It keeps processes apart. */
    readonly jitter: number;
}

/** Returns the pause before a retry; the first retry has the number 0. */
export function backoffMs(retry: number, { firstMs, maxMs, jitter }: Backoff): number {
    return Math.min(maxMs, firstMs * 2 ** retry) * (1 - jitter * Math.random());
}
