import { MAX_TIMER_MS } from '../../util/timers';
import type { AnyContext } from '../../component/ComponentLogger';
import { checkTimeout } from '../model/checkTimeout';
import { invalidFunction, invalidLoadOption } from '../model/errors';

/** Gets the value from where it comes from. The signal aborts when nobody waits for it any more, or after `loadTimeout`. */
export type Loader<T> = (signal: AbortSignal) => T | PromiseLike<T>;

/** What a loader's callers get: nothing is null, as everywhere in the cache. */
export type Loaded<T> = undefined extends T ? Exclude<T, undefined> | null : T;

/** What a load may take, and what is answered meanwhile. See docs/cache.md. */
export interface LoadOptions {
    /**
     * How long a value past its `timeout` is still returned, in ms, while one load runs in the
     * background. 0 or absent: callers wait for the loader. After a failed load the next one begins
     * after a pause. Such a value is kept with its dates, and only this package reads it.
     */
    readonly staleFor?: number | null | undefined;
    /** ms for which it is kept that there is nothing (null or undefined); absent or 0: the loader is asked again. */
    readonly nullTimeout?: number | null | undefined;
    /** The share of its time, 0 to 1, that is taken off at random, so that what was stored together does not expire together; absent: 0.1. */
    readonly jitter?: number | null | undefined;
    /** ms that the loader may take, and that another process' loader is waited for; absent: 10,000. */
    readonly loadTimeout?: number | null | undefined;
    /** Of this caller: he is rejected with its reason at once, the others are not. */
    readonly signal?: AbortSignal | null | undefined;
}

/** What one call asks for. */
export interface LoadRequest {
    readonly context: AnyContext;
    readonly key: string;
    readonly timeout: number | null | undefined;
    readonly loader: Loader<unknown>;
    readonly options: LoadOptions;
}

export const DEFAULT_JITTER = 0.1;
export const DEFAULT_LOAD_TIMEOUT_MS = 10_000;

/** @throws BadRequestException INVALID_TTL, INVALID_FUNCTION, INVALID_LOAD_OPTION */
export function checkLoad(timeout: unknown, loader: unknown, options: LoadOptions | null | undefined): void {
    if (typeof loader !== 'function') throw invalidFunction('the loader', loader);
    checkTimeout(timeout);
    if (options === null || options === undefined) return;
    if (typeof options !== 'object') throw invalidLoadOption('options', 'an object');
    checkNumber('staleFor', options.staleFor, 0, Number.MAX_SAFE_INTEGER);
    checkNumber('nullTimeout', options.nullTimeout, 0, Number.MAX_SAFE_INTEGER);
    checkNumber('jitter', options.jitter, 0, 1);
    checkNumber('loadTimeout', options.loadTimeout, 1, MAX_TIMER_MS);
    const { signal } = options;
    // It may come from another realm.
    if (signal !== null && signal !== undefined && typeof signal.throwIfAborted !== 'function') {
        throw invalidLoadOption('signal', 'an AbortSignal');
    }
}

function checkNumber(name: string, value: unknown, least: number, most: number): void {
    if (value === null || value === undefined) return;
    if (typeof value === 'number' && value >= least && value <= most) return;
    throw invalidLoadOption(name, `a number from ${least} to ${most}`);
}
