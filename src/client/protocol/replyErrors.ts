import type { ApplicationException } from 'pip-services4-commons-node';
import { serverException } from '../model/errorCodes';
import { Outcome, type Protocol } from './Protocol';

/** The error of a server that answers in another protocol, or lacks a part of this one. */
export class ForeignReplyError extends Error {}

interface Refusal {
    readonly protocol: Protocol;
    readonly fault: Error;
}

/** Returns the error of a server that refuses both protocols. */
export function neitherProtocol(...[one, other]: [Refusal, Refusal]): Error {
    const [first, second] = [one, other].map(({ protocol, fault }) => `${protocol.name}: ${fault.message}`);
    if (one.fault.message === other.fault.message) {
        return new Error(`neither the binary nor the meta protocol works: ${one.fault.message}`);
    }
    return new Error(`neither the binary nor the meta protocol works (${first}; ${second})`);
}

export function tooOld(version: string, { name, minVersion }: Protocol): ForeignReplyError {
    const text = `memcached ${version} is too old for the ${name} protocol, which needs ${minVersion.join('.')}`;
    return new ForeignReplyError(text);
}

export function loginRequired(address: string): ApplicationException {
    const message = `memcached at ${address} requires a login (credential.username and credential.password)`;
    return serverException('AUTH_FAILED', address, message);
}

/** Returns the error of a server that does not know logins. */
export function loginUnknown(address: string): ApplicationException {
    const message = `authentication to memcached at ${address} failed: the server has no logins (options -S and -Y)`;
    return serverException('AUTH_FAILED', address, message);
}

/** Returns a new error for a call to a server that has rejected the login before. */
export function authFailedBefore(address: string, { message }: Error): ApplicationException {
    return serverException('AUTH_FAILED', address, message);
}

/** Returns the error of a server that has rejected the login. */
export function loginWrong(address: string): ApplicationException {
    const message = `authentication to memcached at ${address} failed: wrong user name or password`;
    return serverException('AUTH_FAILED', address, message);
}

/** Returns the error of a server that does not allow a request. */
export function authFailed(address: string): ApplicationException {
    return serverException('AUTH_FAILED', address, `authentication to memcached at ${address} failed`);
}

/** Returns the error of a rejected request. `detail` has the server's own words. */
export function rejected(address: string, outcome: number, detail = ''): ApplicationException {
    if (outcome === Outcome.AUTH_ERROR) return authFailed(address);
    if (outcome === Outcome.BACKEND_LOST) {
        // As with a lost connection, memcached may have executed the request.
        const message = `the proxy at ${address} cannot reach the memcached of the key (${detail})`;
        return serverException('CONNECTION_LOST', address, message);
    }
    if (outcome === Outcome.TOO_LARGE) {
        return serverException('VALUE_TOO_LARGE', address, `value too large for memcached at ${address}`);
    }
    if (outcome === Outcome.NOT_A_NUMBER) {
        const message = `the value at this key is not a 64-bit decimal counter (memcached at ${address})`;
        return serverException('NOT_A_NUMBER', address, message);
    }
    const reason = [REASONS[outcome] ?? 'unknown reason', detail && `(${detail})`].filter(Boolean).join(' ');
    const message = `memcached at ${address} rejected the request: ${reason}`;
    return serverException('SERVER_ERROR', address, message).withDetails('status', outcome);
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
