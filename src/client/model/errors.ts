import type { ApplicationException } from 'pip-services4-commons-node';
import { exception, serverException } from './errorCodes';

// The errors that leave the client, one maker per code. `protocol/replyErrors.ts` makes those of a
// server. A message names the server and the wrong number, never a value or a password.

export function notOpened(): ApplicationException {
    return exception('NOT_OPENED', 'the memcached client is not open');
}

export function invalidClientOption(name: string, allowed: string): ApplicationException {
    const message = `invalid client option ${name}: expected ${allowed}`;
    return exception('INVALID_OPTION', message).withDetails('option', name);
}

export function invalidClientOptions(options: unknown): ApplicationException {
    const message = `invalid client options ${describe(options)}: expected a plain object, such as { requestTimeoutMs: 500 }`;
    return exception('INVALID_OPTION', message);
}

export function unknownCallOption(name: string, known: readonly string[]): ApplicationException {
    const message = `invalid call option ${name}: expected ${known.join(' or ')}`;
    return exception('INVALID_OPTION', message).withDetails('option', name);
}

export function invalidCallOptions(options: unknown, known: readonly string[]): ApplicationException {
    const message = `invalid call options ${describe(options)}: expected a plain object { ${known.join(', ')} }`;
    return exception('INVALID_OPTION', message);
}

/** @param cause any value that a getter or a proxy has thrown */
export function unreadableCallOptions(cause: unknown): ApplicationException {
    const error = exception('INVALID_OPTION', 'cannot read the call options: a getter throws');
    return cause instanceof Error ? error.withCause(cause) : error;
}

export function invalidCallback(callback: unknown): ApplicationException {
    return exception('INVALID_FUNCTION', `invalid callback ${describe(callback)}: expected a function`);
}

export function invalidKey(problem: string): ApplicationException {
    return exception('INVALID_KEY', `invalid key: ${problem}`);
}

export function invalidTtl(seconds: unknown): ApplicationException {
    return exception('INVALID_TTL', `invalid expiry ${describe(seconds)}: expected whole seconds from 0 to 4294967295`);
}

export function invalidTimeout(timeout: unknown): ApplicationException {
    return exception('INVALID_TTL', `invalid timeout ${describe(timeout)}: expected a number of ms`);
}

export function invalidFlags(flags: unknown): ApplicationException {
    return exception('INVALID_FLAGS', `invalid flags ${describe(flags)}: expected an integer from 0 to 4294967295`);
}

export function invalidBatch(problem: string): ApplicationException {
    return exception('INVALID_BATCH', `invalid batch: ${problem}`);
}

export function invalidAmount(amount: unknown): ApplicationException {
    return exception('INVALID_AMOUNT', `invalid amount ${describe(amount)}: expected an integer from 0 to 2^64 - 1`);
}

export function invalidCas(cas: unknown): ApplicationException {
    return exception('INVALID_CAS', `invalid CAS ${describe(cas)}: expected a bigint from 1 to 2^64 - 1`);
}

export function notSerializable(problem: string): ApplicationException {
    return exception('NOT_SERIALIZABLE', `invalid value: ${problem}`);
}

export function valueTooLarge(bytes: number, limit: number): ApplicationException {
    const message = `value too large: ${bytes} bytes, expected at most ${limit}`;
    return exception('VALUE_TOO_LARGE', message).withDetails('bytes', bytes);
}

/** @param what the servers, or a part of one, without its value unless that is a port */
export function invalidServers(what: string, expected: string): ApplicationException {
    return exception('INVALID_CONNECTION', `invalid ${what}: expected ${expected}`);
}

export function invalidWeight(address: string, weight: unknown): ApplicationException {
    const message = `invalid weight ${describe(weight)} of ${address}: expected a number greater than 0`;
    return serverException('INVALID_CONNECTION', address, message);
}

export function invalidWeights(): ApplicationException {
    return exception('INVALID_CONNECTION', 'invalid weights: expected a sum that is a finite number');
}

export function invalidLogin(address: string, expected: string): ApplicationException {
    const message = `invalid login for memcached at ${address}: expected ${expected}`;
    return serverException('INVALID_CREDENTIAL', address, message);
}

/** Describes an argument: numbers by value, others by type. Reading an object may throw. */
export function describe(value: unknown): string {
    if (typeof value === 'number' || typeof value === 'bigint' || value === null) return String(value);
    return `of type ${Array.isArray(value) ? 'array' : typeof value}`;
}

const MAX_CAUSES = 5;

/** @param faults the fault of each server, empty if the client has no servers */
export function connectFailed(faults: ReadonlyMap<string, Error>): ApplicationException {
    const addresses = [...faults.keys()].join(', ');
    const [cause = new Error('the client has no servers'), ...others] = faults.values();
    if (others.length === 0) {
        const where = faults.size === 0 ? 'memcached' : `memcached at ${addresses}`;
        return serverException('CONNECT_FAILED', addresses, `cannot connect to ${where}`, cause);
    }
    const causes = [...faults].slice(0, MAX_CAUSES).map(([address, { message }]) => `${address} (${message})`);
    if (faults.size > causes.length) causes.push(`and ${faults.size - causes.length} more`);
    const error = new Error(causes.join('; '));
    const message = `cannot connect to any of ${faults.size} memcached servers`;
    return serverException('CONNECT_FAILED', addresses, message, error);
}

export function connectionLost(address: string, cause: Error | null): ApplicationException {
    return serverException('CONNECTION_LOST', address, `connection to memcached at ${address} was lost`, cause);
}

export function serverDown(address: string, cause: Error | null): ApplicationException {
    return serverException('SERVER_DOWN', address, `memcached at ${address} is down`, cause);
}

export function overloaded(address: string): ApplicationException {
    return serverException(
        'OVERLOADED',
        address,
        `cannot send the call to memcached at ${address}: the server is overloaded`,
    );
}

export function timedOut(address: string, timeoutMs: number): ApplicationException {
    return serverException('TIMEOUT', address, `memcached at ${address} did not answer within ${timeoutMs} ms`);
}

export function casDisabled(address: string): ApplicationException {
    const message = `memcached at ${address} runs with CAS disabled (-C): locks and update() need CAS`;
    return serverException('CAS_DISABLED', address, message);
}

export function lockBehindProxy(address: string): ApplicationException {
    const message = `a lock is not safe behind the proxy or managed endpoint ${address}: connect to memcached itself`;
    return serverException('LOCK_BEHIND_PROXY', address, message);
}

export function encodeFailed(address: string, cause: Error): ApplicationException {
    return serverException('ENCODE_FAILED', address, `cannot encode the request to memcached at ${address}`, cause);
}

export function counterContended(address: string, tries: number): ApplicationException {
    const message = `cannot create the counter on memcached at ${address}: lost ${tries} races`;
    return serverException('SERVER_ERROR', address, message);
}

const UNAVAILABLE = new Set(['CONNECTION_LOST', 'SERVER_DOWN', 'TIMEOUT', 'OVERLOADED', 'CONNECT_FAILED']);

/** Returns whether memcached is unreachable, and has not answered with an error. */
export function isUnavailable(error: unknown): boolean {
    const { code = '' } = (error ?? {}) as { code?: string };
    return UNAVAILABLE.has(code);
}

export function isTimeout(error: Error): boolean {
    return (error as ApplicationException).code === 'TIMEOUT';
}

export function isAuthFailure(error: Error | null): boolean {
    return (error as ApplicationException | null)?.code === 'AUTH_FAILED';
}
