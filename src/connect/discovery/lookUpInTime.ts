import { onAbort } from '../../util/onAbort';
import { Timeout } from '../../util/Timeout';

const MIN_TIMEOUT_MS = 10_000;

/** Limits a lookup of servers and credentials, because a store or discovery may never settle. */
export function lookupTimeout(intervalMs: number | null, timeoutError: (message: string) => Error): Timeout {
    const ms = Math.max(intervalMs ?? 0, MIN_TIMEOUT_MS);
    return new Timeout(ms, () => timeoutError(`no reply from discovery or a credential store within ${ms} ms`));
}

/**
 * Settles as the lookup does, or rejects when the time is over or `stop` aborts. The signal of the
 * lookup aborts then, so that it closes its sockets and its late answer has no effect.
 */
export async function lookUpInTime<T>(
    limit: Timeout,
    stop: AbortSignal,
    lookUp: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
    const controller = new AbortController();
    const stopListening = onAbort(stop, () => limit.expire(stop.reason as Error));
    try {
        return await limit.race(lookUp(controller.signal));
    } finally {
        limit.cancel();
        stopListening();
        controller.abort();
    }
}
