const MAX_RELATIVE_SECONDS = 30 * 24 * 60 * 60;

/**
 * Converts milliseconds to an expiry of memcached, in whole seconds. It rounds up, because 0 means
 * "never". Above 30 days memcached reads a Unix time, so the client sends one.
 *
 * @param extraSeconds added to the expiry. The clock of memcached ticks once a second and may skip
 *     a second. So an item with expiry n lives between n - 2 and n seconds. Callers that need the
 *     full time pass 2.
 */
export function toExpirySeconds(ms: number, extraSeconds = 0): number {
    const seconds = Math.max(1, Math.ceil(ms / 1000)) + extraSeconds;
    if (seconds <= MAX_RELATIVE_SECONDS) return seconds;
    return Math.min(0xffffffff, Math.floor(Date.now() / 1000) + seconds);
}

/** Returns the earlier of an expiry and a relative one. @param limit in seconds, 0 = none */
export function limitExpiry(expirySeconds: number, limit: number): number {
    if (limit === 0) return expirySeconds;
    if (expirySeconds === 0) return limit;
    const left = isRelative(expirySeconds) ? expirySeconds : expirySeconds - Math.floor(Date.now() / 1000);
    return left <= limit ? expirySeconds : limit;
}

/** Returns whether memcached counts the expiry from the store. If not, it is a Unix time or 0. */
export function isRelative(expirySeconds: number): boolean {
    return expirySeconds > 0 && expirySeconds <= MAX_RELATIVE_SECONDS;
}
