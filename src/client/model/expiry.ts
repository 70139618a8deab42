const LONGEST_RELATIVE_SECONDS = 30 * 24 * 60 * 60;

/**
 * memcached's expiry for a number of milliseconds. It counts whole seconds, so this rounds up; 0 would mean "for ever", and what is longer than
 * 30 days is read as a Unix time, so it is sent as one.
 *
 * @param extraSeconds memcached's clock ticks once a second and shows whole seconds; the phase of the tick drifts, and when it passes a second, that second
 *     is skipped. So an item with expiry n lives between n - 2 and n seconds. What must live at least as long as it says asks for two more.
 */
export function toExpirySeconds(ms: number, extraSeconds = 0): number {
    const seconds = Math.max(1, Math.ceil(ms / 1000)) + extraSeconds;
    if (seconds <= LONGEST_RELATIVE_SECONDS) return seconds;
    return Math.min(0xffffffff, Math.floor(Date.now() / 1000) + seconds);
}

/** Whether memcached counts it from the moment of the store, and does not read it as a Unix time; 0 is for ever. */
export function isRelative(expirySeconds: number): boolean {
    return expirySeconds > 0 && expirySeconds <= LONGEST_RELATIVE_SECONDS;
}
