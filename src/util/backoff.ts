/** The growth of the pauses between attempts. */
export interface Backoff {
    readonly firstMs: number;
    readonly maxMs: number;
    /** The factor between a pause and the next. 2 when absent. */
    readonly factor?: number | undefined;
    /** The largest share (0 to 1) that a pause loses at random, to spread retries. */
    readonly jitter: number;
}

/** Returns the pause before a retry in ms. The first retry has the number 0. */
export function backoffMs(retry: number, { firstMs, maxMs, factor = 2, jitter }: Backoff): number {
    return Math.min(maxMs, firstMs * factor ** retry) * (1 - jitter * Math.random());
}
