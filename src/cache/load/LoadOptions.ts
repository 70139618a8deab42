import type { Fetched } from '../../client/calls/getCalls';
import { findUnknown, isOptions } from '../../util/options';
import { MAX_TIMER_MS } from '../../util/timers';
import type { AnyContext } from '../../component/ComponentLogger';
import { checkTimeout, type TimeoutMs } from '../model/checkTimeout';
import { invalidFunction, invalidLoadOption } from '../model/errors';

/** The source of the value. Its signal aborts if no caller waits, and after `loadTimeout`. */
export type Loader<T> = (signal: AbortSignal) => T | PromiseLike<T>;

/** A loader's value as callers get it. Undefined becomes null. */
export type Loaded<T> = undefined extends T ? Exclude<T, undefined> | null : T;

/** Options of `retrieveOrLoad`. See docs/cache.md. */
export interface LoadOptions {
    /**
     * How long the cache still returns a value past its `timeout`, in ms, while one load refreshes
     * it. 0 or absent: callers wait for it. Only this package reads such a value.
     */
    readonly staleFor?: number | null | undefined;
    /** How long the cache keeps a null of the loader, in ms. 0 or absent: not at all. */
    readonly nullTimeout?: number | null | undefined;
    /** The largest share (0 to 1) of the timeout to subtract at random. Absent: 0.1. */
    readonly jitter?: number | null | undefined;
    /** The time limit of the loader, and of a load in another process, in ms. Absent: 10,000. */
    readonly loadTimeout?: number | null | undefined;
    /** The signal that ends this caller's wait. The call rejects with its reason at once. */
    readonly signal?: AbortSignal | null | undefined;
}

export interface LoadRequest {
    readonly context: AnyContext;
    readonly key: string;
    readonly timeout: TimeoutMs;
    readonly loader: Loader<unknown>;
    readonly options: LoadOptions;
}

/** A call that has found no fresh value. */
export interface Miss {
    readonly request: LoadRequest;
    /** The full key. If its token is unknown, a line break and the key, which is no valid key. */
    readonly fullKey: string;
    /** The result of the read. Without a read it is undefined, and the load takes no lease. */
    readonly held: Fetched | undefined;
    /** The epoch of the server that has answered the read. */
    readonly epoch: number;
}

export const DEFAULT_JITTER = 0.1;
export const DEFAULT_LOAD_TIMEOUT_MS = 10_000;

const NAMES: Readonly<Record<keyof LoadOptions, true>> = {
    staleFor: true,
    nullTimeout: true,
    jitter: true,
    loadTimeout: true,
    signal: true,
};

/**
 * Checks the arguments of a load.
 * @throws BadRequestException INVALID_TTL, INVALID_FUNCTION, INVALID_LOAD_OPTION
 */
export function checkLoad(timeout: unknown, loader: unknown, options: LoadOptions | null | undefined): void {
    if (typeof loader !== 'function') throw invalidFunction('loader', loader);
    checkTimeout(timeout);
    if (options === null || options === undefined) return;
    const { staleFor, nullTimeout, jitter, loadTimeout, signal } = options;
    if (!isOptions(options)) throw invalidLoadOption('options', 'an object');
    const unknown = findUnknown(options, NAMES);
    if (unknown !== undefined) throw invalidLoadOption(unknown, `one of ${Object.keys(NAMES).join(', ')}`);
    checkNumber('staleFor', staleFor, 0, Number.MAX_SAFE_INTEGER);
    checkNumber('nullTimeout', nullTimeout, 0, Number.MAX_SAFE_INTEGER);
    checkNumber('jitter', jitter, 0, 1);
    checkNumber('loadTimeout', loadTimeout, 1, MAX_TIMER_MS);
    // `instanceof` fails for a signal of another realm.
    if (signal !== null && signal !== undefined && typeof signal.throwIfAborted !== 'function') {
        throw invalidLoadOption('signal', 'an AbortSignal');
    }
}

function checkNumber(name: string, value: unknown, min: number, max: number): void {
    if (value === null || value === undefined) return;
    if (typeof value === 'number' && value >= min && value <= max) return;
    throw invalidLoadOption(name, `a number from ${min} to ${max}`);
}
