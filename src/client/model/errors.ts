import type { ApplicationException } from 'pip-services4-commons-node';
import { exception, type CodeOf } from './errorCodes';

/**
 * Every error that leaves the client: one maker per code. A message names the server and the number that was broken,
 * never a value, never a password. The trace id is added by the component that knows the context.
 */

export function notOpened(): ApplicationException {
    return exception('NOT_OPENED', 'the memcached client is not open');
}

export function invalidClientOption(name: string, allowed: string): ApplicationException {
    const message = `invalid client option ${name}: expected ${allowed}`;
    return exception('INVALID_OPTION', message).withDetails('option', name);
}

export function invalidKey(problem: string): ApplicationException {
    return exception('INVALID_KEY', `invalid key: ${problem}`);
}

export function invalidTtl(seconds: unknown): ApplicationException {
    const message = `expiry is ${String(seconds)}, allowed are whole seconds from 0 to 4294967295`;
    return exception('INVALID_TTL', message);
}

export function invalidFlags(flags: unknown): ApplicationException {
    const message = `flags are ${String(flags)}, allowed are whole numbers from 0 to 4294967295`;
    return exception('INVALID_FLAGS', message);
}

export function invalidBatch(problem: string): ApplicationException {
    return exception('INVALID_BATCH', `the batch cannot be used: ${problem}`);
}

export function invalidAmount(amount: unknown): ApplicationException {
    const shown = typeof amount === 'number' || typeof amount === 'bigint' ? String(amount) : `a ${typeof amount}`;
    const message = `${shown} is no amount to count by: allowed are whole numbers from 0 to 2^64 - 1`;
    return exception('INVALID_AMOUNT', message);
}

export function invalidCas(cas: unknown): ApplicationException {
    const message = `${String(cas)} is no CAS of an item: those are bigints from 1 to 2^64 - 1`;
    return exception('INVALID_CAS', message);
}

export function notSerializable(problem: string): ApplicationException {
    return exception('NOT_SERIALIZABLE', `the value cannot be stored: ${problem}`);
}

export function valueTooLarge(bytes: number, limit: number): ApplicationException {
    const message = `value is ${bytes} bytes, the limit is ${limit}`;
    return exception('VALUE_TOO_LARGE', message).withDetails('bytes', bytes);
}

export function invalidWeight(address: string, weight: unknown): ApplicationException {
    const message = `the weight of ${address} is ${String(weight)}, allowed are numbers above 0`;
    return exception('INVALID_CONNECTION', message).withDetails('server', address);
}

export function invalidWeights(): ApplicationException {
    return exception('INVALID_CONNECTION', 'invalid weights: expected a sum that is a finite number');
}

export function invalidLogin(address: string): ApplicationException {
    const message = `invalid login for memcached at ${address}: expected a user name and a password without NUL`;
    return exception('INVALID_CREDENTIAL', message).withDetails('server', address);
}

const MAX_CAUSES = 5;

/** @param faults why each server did not answer; none: there is no server */
export function connectFailed(faults: ReadonlyMap<string, Error>): ApplicationException {
    const addresses = [...faults.keys()].join(', ');
    const [cause = new Error('the client was given no server'), ...others] = faults.values();
    if (others.length === 0) {
        const where = faults.size === 0 ? 'memcached' : `memcached at ${addresses}`;
        return connection('CONNECT_FAILED', addresses, `cannot connect to ${where}`, cause);
    }
    const told = [cause, ...others.slice(0, MAX_CAUSES - 1)].map(({ message }) => message);
    if (faults.size > told.length) told.push(`and ${faults.size - told.length} more`);
    const error = new Error(told.join('; '));
    return connection('CONNECT_FAILED', addresses, `none of ${faults.size} memcached servers answers`, error);
}

export function connectionLost(address: string, cause: Error | null): ApplicationException {
    return connection('CONNECTION_LOST', address, `connection to memcached at ${address} was lost`, cause);
}

export function serverDown(address: string, cause: Error | null): ApplicationException {
    return connection('SERVER_DOWN', address, `memcached at ${address} is down`, cause);
}

export function authFailed(address: string): ApplicationException {
    const message = `memcached at ${address} and this client do not agree on a user name and password`;
    return exception('AUTH_FAILED', message).withDetails('server', address);
}

/** It was not sent. */
export function overloaded(address: string): ApplicationException {
    return connection('OVERLOADED', address, `memcached at ${address} is overloaded: the call was not sent`, null);
}

const UNAVAILABLE = new Set(['CONNECTION_LOST', 'SERVER_DOWN', 'TIMEOUT', 'OVERLOADED', 'CONNECT_FAILED']);

/** Memcached cannot be reached, as opposed to: it was reached, and said no. */
export function isUnavailable(error: unknown): boolean {
    const { code = '' } = (error ?? {}) as { code?: string };
    return UNAVAILABLE.has(code);
}

export function isAuthFailure(error: Error | null): boolean {
    return (error as ApplicationException | null)?.code === 'AUTH_FAILED';
}

export function timedOut(address: string, timeoutMs: number): ApplicationException {
    return connection('TIMEOUT', address, `memcached at ${address} did not answer within ${timeoutMs} ms`, null);
}

export function casDisabled(address: string): ApplicationException {
    const message = `memcached at ${address} runs without CAS (-C): nobody could change or release a key without risk of doing it to another's`;
    return exception('CAS_DISABLED', message).withDetails('server', address);
}

export function encodeFailed(address: string, cause: Error): ApplicationException {
    const message = `cannot encode the request to memcached at ${address}: ${cause.message}`;
    return exception('ENCODE_FAILED', message).withDetails('server', address).withCause(cause);
}

/** Every try to create the counter lost a race for it. */
export function counterContended(address: string, tries: number): ApplicationException {
    const message = `cannot create the counter on memcached at ${address}: lost ${tries} races for it`;
    return exception('SERVER_ERROR', message).withDetails('server', address);
}

function connection(
    code: CodeOf<'ConnectionException'>,
    address: string,
    message: string,
    cause: Error | null,
): ApplicationException {
    const error = exception(code, cause === null ? message : `${message}: ${cause.message}`);
    if (cause !== null) error.withCause(cause);
    return error.withDetails('server', address);
}
