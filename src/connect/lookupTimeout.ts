import { Timeout } from '../util/Timeout';

/** Discovery and credential stores belong to the service: they may be slow, and may never answer. */
const MIN_TIMEOUT_MS = 10_000;

/** Limits one lookup of the servers and their credentials: to 10 s, or to a longer interval. */
export function lookupTimeout(intervalMs: number, late: (message: string) => Error): Timeout {
    const ms = Math.max(intervalMs, MIN_TIMEOUT_MS);
    return new Timeout(ms, () => late(`no reply from discovery or a credential store within ${ms} ms`));
}
