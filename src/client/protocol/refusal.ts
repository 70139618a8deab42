import type { ApplicationException } from 'pip-services4-commons-node';
import { exception } from '../model/errorCodes';
import { authFailed } from '../model/errors';
import { Outcome } from './Protocol';

/** The error of a request that the server rejected. `detail` has the server's own words. */
export function refused(address: string, outcome: number, detail = ''): ApplicationException {
    if (outcome === Outcome.AUTH_ERROR) return authFailed(address);
    if (outcome === Outcome.TOO_LARGE) {
        const message = `value too large for memcached at ${address}`;
        return exception('VALUE_TOO_LARGE', message).withDetails('server', address);
    }
    if (outcome === Outcome.NOT_A_NUMBER) {
        const message = `the value at this key is not a 64-bit decimal counter (memcached at ${address})`;
        return exception('NOT_A_NUMBER', message).withDetails('server', address);
    }
    const reason = [REASONS[outcome] ?? 'unknown reason', detail && `(${detail})`].filter(Boolean).join(' ');
    const message = `memcached at ${address} rejected the request: ${reason}`;
    return exception('SERVER_ERROR', message).withDetails('server', address).withDetails('status', outcome);
}

const REASONS: Record<number, string> = {
    [Outcome.NOT_FOUND]: 'no such key',
    [Outcome.EXISTS]: 'the key exists, with another CAS',
    [Outcome.INVALID]: 'invalid arguments',
    [Outcome.NOT_STORED]: 'not stored',
    [Outcome.AUTH_CONTINUE]: 'authentication not finished',
    [Outcome.UNKNOWN_COMMAND]: 'unknown command',
    [Outcome.OUT_OF_MEMORY]: 'out of memory',
    [Outcome.NOT_SUPPORTED]: 'not supported',
    [Outcome.INTERNAL]: 'internal error',
    [Outcome.BUSY]: 'busy',
    [Outcome.TEMPORARY]: 'temporary failure',
};
