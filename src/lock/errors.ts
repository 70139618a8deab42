import type { ApplicationException } from 'pip-services4-commons-node';
import { exception } from '../client/model/errorCodes';

/** The errors that only locks have. Those of the connection are the client's. */

export function lockTimeout(key: string, timeoutMs: number): ApplicationException {
    const message = `lock ${key} was not free within ${timeoutMs} ms`;
    return exception('LOCK_TIMEOUT', message).withDetails('key', key);
}

export function lockLost(key: string): ApplicationException {
    const message = `lock ${key} is not held any more: its time ran out before it could be extended, or it is gone from the server`;
    return exception('LOCK_LOST', message).withDetails('key', key);
}

export function invalidLockTtl(ttl: unknown, maxMs: number): ApplicationException {
    const message = `ttl is ${describe(ttl)}, allowed are up to ${maxMs} ms (options.max_expiration); absent or 0: options.timeout`;
    return exception('INVALID_TTL', message);
}

export function invalidLockTimeout(timeout: unknown): ApplicationException {
    const message = `timeout is ${describe(timeout)}, allowed is a number of ms`;
    return exception('INVALID_TTL', message);
}

export function invalidLockOption(name: string, expected: string): ApplicationException {
    const message = `invalid lock option ${name}: expected ${expected}`;
    return exception('INVALID_LOCK_OPTION', message).withDetails('option', name);
}

export function invalidWork(work: unknown): ApplicationException {
    return exception('INVALID_FUNCTION', `invalid work of type ${typeof work}: expected a function`);
}

export function isLockTimeout(error: unknown): boolean {
    return (error as { code?: string }).code === 'LOCK_TIMEOUT';
}

/** The request was sent, or may have been, and it is unknown whether it was carried out. */
export function isUnanswered(error: unknown): boolean {
    const { code } = error as { code?: string };
    return code === 'CONNECTION_LOST' || code === 'TIMEOUT';
}

function describe(value: unknown): string {
    return typeof value === 'number' ? String(value) : `of type ${typeof value}`;
}
