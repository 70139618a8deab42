import type { Entry } from '../schedule/Ledger';
import type { Plan } from '../schedule/Plan';

/** Within what time a call settles, in ms, as documented; the time for which its process was held comes on top. */
export function boundOf({ step: { verb } }: Entry, { client }: Plan): number {
    const { requestTimeoutMs, connectTimeoutMs } = client;
    switch (verb) {
        case 'open client':
            // It waits for a close before it.
            return 2 * (connectTimeoutMs + requestTimeoutMs);
        case 'checkHealth':
        case 'close client':
            return connectTimeoutMs + requestTimeoutMs;
        default:
            return requestTimeoutMs;
    }
}
