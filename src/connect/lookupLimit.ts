import { TimeLimit } from './TimeLimit';

/** Discovery and credential stores belong to the service: they may be slow, and may never answer. */
const LEAST_PATIENCE_MS = 10_000;

/** Limits one lookup of the servers and their credentials: to 10 s, or to a longer interval. */
export function lookupLimit(intervalMs: number, late: (message: string) => Error): TimeLimit {
    const ms = Math.max(intervalMs, LEAST_PATIENCE_MS);
    return new TimeLimit(ms, () => late(`no answer from discovery or a credential store within ${ms} ms`));
}
