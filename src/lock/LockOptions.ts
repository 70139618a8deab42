import type { MemcachedOptions } from '../connect/MemcachedOptions';
import { invalidLockOption, invalidLockTimeout, invalidLockTtl } from './errors';

/** How to wait for a lock. */
export interface AcquireOptions {
    /** Ends the wait. The call then rejects with the reason of the signal. */
    readonly signal?: AbortSignal | undefined;
}

/** How long to hold a lock between renewals, and how long to wait for it. */
export interface WithLockOptions extends AcquireOptions {
    /** How long the lock stays held without a renewal, in ms. Absent or 0 = `options.timeout`. */
    readonly ttl?: number | undefined;
    /** How long to wait for the lock, in ms. Absent = as long as the ttl. 0 = one attempt. */
    readonly timeout?: number | undefined;
}

/** Expiries of memcached are 32 bits of seconds since 1970. */
const MAX_EXPIRY_MS = 0xffffffff * 1000;

/** @throws BadRequestException INVALID_TTL */
export function readTtl(ttl: number | null | undefined, { timeout, maxExpiration }: MemcachedOptions): number {
    // The configured default is capped. A ttl of the caller that is too long is an error.
    if (ttl === null || ttl === undefined || ttl === 0) return Math.min(timeout, maxExpiration);
    const maxMs = Math.min(maxExpiration, MAX_EXPIRY_MS - Date.now());
    if (typeof ttl !== 'number' || !(ttl > 0 && ttl <= maxMs)) throw invalidLockTtl(ttl, maxMs);
    return ttl;
}

/** @throws BadRequestException INVALID_TTL */
export function readTimeout(timeout: number): number {
    if (typeof timeout === 'number' && !Number.isNaN(timeout)) return timeout;
    throw invalidLockTimeout(timeout);
}

/** @throws BadRequestException INVALID_LOCK_OPTION */
export function readSignal(options: AcquireOptions | null | undefined): AbortSignal | undefined {
    if (options === null || options === undefined) return undefined;
    if (typeof options !== 'object') throw invalidLockOption('options', 'an object');
    const signal = options.signal as AbortSignal | null | undefined;
    if (signal === null || signal === undefined) return undefined;
    // Not instanceof: the signal may come from another realm.
    if (typeof signal.throwIfAborted !== 'function') throw invalidLockOption('signal', 'an AbortSignal');
    return signal;
}
