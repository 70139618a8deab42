import { Timeout } from '../util/Timeout';

/** Discovery and credential stores may be slow. */
const MIN_TIMEOUT_MS = 10_000;

/**
 * Limits one lookup of servers and credentials, which may never settle: to 10 s, or to a longer
 * interval.
 */
export function lookupTimeout(intervalMs: number, timeoutError: (message: string) => Error): Timeout {
    const ms = Math.max(intervalMs, MIN_TIMEOUT_MS);
    return new Timeout(ms, () => timeoutError(`no reply from discovery or a credential store within ${ms} ms`));
}
