import type { ApplicationException } from 'pip-services4-commons-node';
import { exception, type CodeOf } from './errorCodes';

/**
 * The errors that leave the client, one maker per code; `protocol/refusal.ts` has those of a
 * server. A message names the server and the wrong number, never a stored value or a password. The
 * component adds the trace id.
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
    const message = `invalid expiry ${String(seconds)}: expected whole seconds from 0 to 4294967295`;
    return exception('INVALID_TTL', message);
}

export function invalidFlags(flags: unknown): ApplicationException {
    const message = `invalid flags ${String(flags)}: expected an integer from 0 to 4294967295`;
    return exception('INVALID_FLAGS', message);
}

export function invalidBatch(problem: string): ApplicationException {
    return exception('INVALID_BATCH', `invalid batch: ${problem}`);
}

export function invalidAmount(amount: unknown): ApplicationException {
    const shown =
        typeof amount === 'number' || typeof amount === 'bigint' ? String(amount) : `of type ${typeof amount}`;
    return exception('INVALID_AMOUNT', `invalid amount ${shown}: expected an integer from 0 to 2^64 - 1`);
}

export function invalidCas(cas: unknown): ApplicationException {
    return exception('INVALID_CAS', `invalid CAS ${String(cas)}: expected a bigint from 1 to 2^64 - 1`);
}

export function notSerializable(problem: string): ApplicationException {
    return exception('NOT_SERIALIZABLE', `invalid value: ${problem}`);
}

export function valueTooLarge(bytes: number, limit: number): ApplicationException {
    const message = `value too large: ${bytes} bytes, expected at most ${limit}`;
    return exception('VALUE_TOO_LARGE', message).withDetails('bytes', bytes);
}

export function invalidWeight(address: string, weight: unknown): ApplicationException {
    const message = `invalid weight ${String(weight)} of ${address}: expected a number greater than 0`;
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

/** @param faults why each server did not answer; empty: the client has no servers */
export function connectFailed(faults: ReadonlyMap<string, Error>): ApplicationException {
    const addresses = [...faults.keys()].join(', ');
    const [cause = new Error('the client has no servers'), ...others] = faults.values();
    if (others.length === 0) {
        const where = faults.size === 0 ? 'memcached' : `memcached at ${addresses}`;
        return connection('CONNECT_FAILED', addresses, `cannot connect to ${where}`, cause);
    }
    const causes = [cause, ...others.slice(0, MAX_CAUSES - 1)].map(({ message }) => message);
    if (faults.size > causes.length) causes.push(`and ${faults.size - causes.length} more`);
    const error = new Error(causes.join('; '));
    return connection('CONNECT_FAILED', addresses, `cannot connect to any of ${faults.size} memcached servers`, error);
}

export function connectionLost(address: string, cause: Error | null): ApplicationException {
    return connection('CONNECTION_LOST', address, `connection to memcached at ${address} was lost`, cause);
}

export function serverDown(address: string, cause: Error | null): ApplicationException {
    return connection('SERVER_DOWN', address, `memcached at ${address} is down`, cause);
}

export function authFailed(address: string): ApplicationException {
    const message = `authentication to memcached at ${address} failed`;
    return exception('AUTH_FAILED', message).withDetails('server', address);
}

export function overloaded(address: string): ApplicationException {
    return connection('OVERLOADED', address, `memcached at ${address} is overloaded: the call was not sent`, null);
}

export function timedOut(address: string, timeoutMs: number): ApplicationException {
    return connection('TIMEOUT', address, `memcached at ${address} did not answer within ${timeoutMs} ms`, null);
}

export function casDisabled(address: string): ApplicationException {
    const message = `memcached at ${address} runs with CAS disabled (-C): locks and update() need CAS`;
    return exception('CAS_DISABLED', message).withDetails('server', address);
}

export function encodeFailed(address: string, cause: Error): ApplicationException {
    const message = `cannot encode the request to memcached at ${address}: ${cause.message}`;
    return exception('ENCODE_FAILED', message).withDetails('server', address).withCause(cause);
}

export function counterContended(address: string, tries: number): ApplicationException {
    const message = `cannot create the counter on memcached at ${address}: lost ${tries} races for it`;
    return exception('SERVER_ERROR', message).withDetails('server', address);
}

const UNAVAILABLE = new Set(['CONNECTION_LOST', 'SERVER_DOWN', 'TIMEOUT', 'OVERLOADED', 'CONNECT_FAILED']);

/** Whether memcached cannot be reached. False when it answered with an error. */
export function isUnavailable(error: unknown): boolean {
    const { code = '' } = (error ?? {}) as { code?: string };
    return UNAVAILABLE.has(code);
}

export function isAuthFailure(error: Error | null): boolean {
    return (error as ApplicationException | null)?.code === 'AUTH_FAILED';
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
