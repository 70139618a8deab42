/** How pauses between attempts grow. */
export interface Backoff {
    readonly firstMs: number;
    readonly maxMs: number;
    /** The growth of the pause with each retry; 2 when absent. */
    readonly factor?: number;
    /** The share of a pause, 0 to 1, that is taken off at random. It keeps processes apart. */
    readonly jitter: number;
}

/** Returns the pause before a retry; the first retry has the number 0. */
export function backoffMs(retry: number, { firstMs, maxMs, factor = 2, jitter }: Backoff): number {
    return Math.min(maxMs, firstMs * factor ** retry) * (1 - jitter * Math.random());
}
