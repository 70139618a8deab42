import { Timeout } from '../util/Timeout';

const MIN_TIMEOUT_MS = 10_000;

/** Limits a lookup of servers and credentials, because a store or discovery may never settle. */
export function lookupTimeout(intervalMs: number, timeoutError: (message: string) => Error): Timeout {
    const ms = Math.max(intervalMs, MIN_TIMEOUT_MS);
    return new Timeout(ms, () => timeoutError(`no reply from discovery or a credential store within ${ms} ms`));
}
