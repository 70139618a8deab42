import type { ApplicationException } from 'pip-services4-commons-node';
import { exception } from '../client/model/errorCodes';

// The errors of locks alone.

export function lockTimeout(key: string, timeoutMs: number): ApplicationException {
    const message = `cannot acquire lock ${key}: not free within ${timeoutMs} ms`;
    return exception('LOCK_TIMEOUT', message).withDetails('key', key);
}

export function lockLost(key: string): ApplicationException {
    const message = `lost lock ${key}: the ttl ran out before a renewal, or the server removed the lock`;
    return exception('LOCK_LOST', message).withDetails('key', key);
}

export function invalidLockTtl(ttl: unknown, maxMs: number): ApplicationException {
    const given = typeof ttl === 'number' ? String(ttl) : `of type ${typeof ttl}`;
    const message = `invalid ttl ${given}: expected up to ${maxMs} ms (options.max_expiration), or none`;
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

/** Returns whether the server may have carried out the request although it has not answered. */
export function isUnanswered(error: unknown): boolean {
    const { code } = error as { code?: string };
    return code === 'CONNECTION_LOST' || code === 'TIMEOUT';
}
