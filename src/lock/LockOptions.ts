import { invalidTimeout } from '../client/model/errors';
import type { MemcachedOptions } from '../connect/MemcachedOptions';
import { findUnknown, isOptions } from '../util/options';
import { invalidLockOption, invalidLockTtl } from './errors';

/** The options of a wait for a lock. */
export interface AcquireOptions {
    /** The signal that ends the wait. The call then rejects with the reason of the signal. */
    readonly signal?: AbortSignal | undefined;
}

/** The options of `withLock`. */
export interface WithLockOptions extends AcquireOptions {
    /** How long the lock stays held without a renewal, in ms. Absent or 0 = `options.timeout`. */
    readonly ttl?: number | undefined;
    /** How long to wait for the lock, in ms. Absent = as long as the ttl. 0 = one attempt. */
    readonly timeout?: number | undefined;
}

const ACQUIRE_NAMES: Readonly<Record<keyof AcquireOptions, true>> = { signal: true };
const WITH_LOCK_NAMES: Readonly<Record<keyof WithLockOptions, true>> = { ...ACQUIRE_NAMES, ttl: true, timeout: true };

/** The longest expiry in ms. memcached has 32 bits for the seconds since 1970. */
const MAX_EXPIRY_MS = 0xffffffff * 1000;

export function readTtl(ttl: number | null | undefined, { timeout, maxExpiration }: MemcachedOptions): number {
    // The cap applies only to the configured default. A longer ttl of the caller is an error.
    if (ttl === null || ttl === undefined || ttl === 0) return Math.min(timeout, maxExpiration);
    const maxMs = Math.min(maxExpiration, MAX_EXPIRY_MS - Date.now());
    if (typeof ttl !== 'number' || !(ttl > 0 && ttl <= maxMs)) throw invalidLockTtl(ttl, maxMs);
    return ttl;
}

export function readTimeout(timeout: number): number {
    if (typeof timeout === 'number' && !Number.isNaN(timeout)) return timeout;
    throw invalidTimeout(timeout);
}

export function readSignal(options: AcquireOptions | null | undefined): AbortSignal | undefined {
    if (options === null || options === undefined) return undefined;
    checkNames(options, ACQUIRE_NAMES);
    const signal = options.signal as AbortSignal | null | undefined;
    if (signal === null || signal === undefined) return undefined;
    // `instanceof` would reject a signal from another realm.
    if (typeof signal.throwIfAborted !== 'function') throw invalidLockOption('signal', 'an AbortSignal');
    return signal;
}

/** Checks the names of the options of `withLock`. The acquisition checks their values. */
export function checkWithLockOptions(options: WithLockOptions | null | undefined): void {
    if (options !== null && options !== undefined) checkNames(options, WITH_LOCK_NAMES);
}

function checkNames(options: object, names: object): void {
    if (!isOptions(options)) throw invalidLockOption('options', 'an object');
    const unknown = findUnknown(options, names);
    if (unknown !== undefined) throw invalidLockOption(unknown, `one of ${Object.keys(names).join(', ')}`);
}
