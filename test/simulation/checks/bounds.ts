import type { Entry } from '../schedule/Ledger';
import type { Plan } from '../schedule/Plan';
import { LOOKUP_MS } from '../workload/Discovery';

/** What `options.update_timeout` is configured to. */
const UPDATE_TIMEOUT_MS = 500;
/** What a call to the lock takes when connections break, in `request_timeout`s. */
export const LOCK_TRIES = 3.5;
/** Rounds of the event loop, and a timer that counts whole ms. */
export const SLACK_MS = 20;

/**
 * Within what time a call settles, in ms, as documented; the time for which its process was held comes on top.
 * @param changes how often the token of a key changed meanwhile
 * @param listChanges how often the servers did
 */
export function boundOf({ step }: Entry, { client, cache, lists }: Plan, changes: number, listChanges: number): number {
    const { connectTimeoutMs } = client;
    // A server is asked for its token before the first request, and a call under an old one is repeated.
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
            // It waits for a close before it, looks the servers up, and greets those that have taken
            // their place meanwhile.
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
            // One request of a lease at a time.
            return 3 * LOCK_TRIES * requestTimeoutMs;
        case 'withLock':
            return waitMs + workMs + 3 * LOCK_TRIES * requestTimeoutMs;
        default:
            return requestTimeoutMs;
    }
}
