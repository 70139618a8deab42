import type { Entry } from '../schedule/Ledger';
import type { Plan, ProtocolMode } from '../schedule/Plan';
import { connectingMs } from '../workload/reconnecting';
import { LOOKUP_MS } from '../workload/Discovery';

/** Configured `options.update_timeout`. */
const UPDATE_TIMEOUT_MS = 500;
/** Maximum duration of a lock call with broken connections, in `request_timeout`s. */
export const LOCK_TRIES = 3.5;
/** Margin for rounds of the event loop and for timers with whole milliseconds. */
export const SLACK_MS = 20;

/**
 * Returns the documented time limit of a call in ms, without the time for which its process stands
 * still.
 * @param changes the number of changes of the token during the call
 * @param listChanges the number of changes of the server list during the call
 */
export function boundOf(
    { step }: Entry,
    { client, cache, lists }: Plan,
    protocol: ProtocolMode,
    changes: number,
    listChanges: number,
): number {
    const connectTimeoutMs = connectingMs(client, protocol);
    // The cache fetches a server's token before the first request, and retries a call under an old
    // token.
    const requestTimeoutMs = client.requestTimeoutMs * (cache.hasClear ? 2 * (1 + changes) : 1);
    const [, waitMs = 0, workMs = 0] = step.times;
    switch (step.verb) {
        case 'recover client':
        case 'recover cache':
        case 'recover lock':
            return Infinity;
        case 'open client':
        case 'open cache':
        case 'open lock':
            // An open waits for an earlier close, queries discovery, and connects to the servers of
            // each new list.
            return (2 + listChanges) * (connectTimeoutMs + requestTimeoutMs) + (lists.discoveryMs > 0 ? LOOKUP_MS : 0);
        case 'checkHealth':
        case 'check cache':
        case 'check lock':
        case 'close client':
            return connectTimeoutMs + requestTimeoutMs;
        case 'close cache':
        case 'close lock':
            return connectTimeoutMs + 4 * requestTimeoutMs;
        case 'update':
        case 'append text':
        case 'prepend text':
            return UPDATE_TIMEOUT_MS + 2 * requestTimeoutMs;
        case 'retrieveOrLoad':
            return 2 * cache.loadTimeoutMs + 3 * requestTimeoutMs;
        case 'tryAcquireLease':
        case 'tryAcquireLock':
            return LOCK_TRIES * requestTimeoutMs;
        case 'acquireLease':
        case 'acquireLock':
            return waitMs + LOCK_TRIES * requestTimeoutMs;
        case 'extendLease':
        case 'extendLock':
        case 'releaseLease':
        case 'releaseLock':
            // A lease sends one request at a time.
            return 3 * LOCK_TRIES * requestTimeoutMs;
        case 'withLock':
            return waitMs + workMs + 3 * LOCK_TRIES * requestTimeoutMs;
        default:
            return requestTimeoutMs;
    }
}
