/** The pauses between retries. Each pause is twice as long as the one before. */
export interface Backoff {
    readonly firstMs: number;
    readonly maxMs: number;
    /** The largest share (0 to 1) that a pause loses at random, to spread retries. */
    readonly jitter: number;
}

/** Returns the pause before a retry in ms. The first retry has the number 0. */
export function backoffMs(retry: number, { firstMs, maxMs, jitter }: Backoff): number {
    return Math.min(maxMs, firstMs * 2 ** retry) * (1 - jitter * Math.random());
}

/** The mean pause between polls, as a share of the time already waited. */
const SHARE_OF_WAIT = 0.25;
/** The shortest mean pause of a lone caller, as a share of the longest one. */
const SHORTEST_SHARE = 0.1;

/**
 * Returns the pause before the next poll for a change by another process, in ms.
 *
 * The pause grows with the time already waited. So the change is late by a small share of the wait,
 * and a long wait costs one poll per longest pause.
 *
 * @param longestMs the longest mean pause. The random variation is half of the mean.
 * @param sharers the number of callers that poll for the same change and share their polls
 */
export function pollPauseMs(waitedMs: number, longestMs: number, sharers = 1): number {
    const shortestMs = longestMs * SHORTEST_SHARE * sharers;
    const meanMs = Math.min(longestMs, Math.max(shortestMs, waitedMs * SHARE_OF_WAIT));
    // The jitter spreads the polls of waiters.
    return meanMs * (0.5 + Math.random());
}
