import type { CounterOptions, StoreOptions } from '../model/CallOptions';
import { invalidCallback } from '../model/errors';
import type { Item } from '../model/Item';

/** memjs's callback forms of the verbs. */

/** A callback that gets the result of a verb, or its error. */
export type Callback<T> = (error: Error | null, result: T | null) => void;
/** A callback that gets a value and its flags. Both are null on a miss. */
export type GetCallback = (error: Error | null, value: Buffer | null, flags: Buffer | null) => void;
/** A callback that gets the value of a counter. `success` is false without such a counter. */
export type CounterCallback = (error: Error | null, success: boolean | null, value: bigint | null) => void;
/** The statistics of a server by name. */
export type Statistics = Record<string, string>;
/** A callback that gets the statistics of a server. The client calls it once for each server. */
export type StatsCallback = (error: Error | null, server: string, stats: Statistics | null) => void;
/** The outcome of a flush by server: true, or the error. */
export type FlushResults = Record<string, boolean | Error>;
/** A callback that gets all outcomes of a flush, with the last error if there is one. */
export type FlushCallback = (error: Error | null, results: FlushResults) => void;

export type OptionsOrCallback = StoreOptions | Callback<boolean> | undefined;
export type CallbackOrExpiry = Callback<boolean> | number | undefined;
export type CounterArguments = [(CounterOptions | CounterCallback)?, CounterCallback?];

/** Reads `(options)`, `(options, callback)`, `(callback)` and the old `(callback, expires)`. */
export function storeArguments(a: OptionsOrCallback, b: CallbackOrExpiry): [StoreOptions?, Callback<boolean>?] {
    return typeof a === 'function' && typeof b === 'number' ? [{ expires: b }, a] : optionsAndCallback(a, b);
}

/**
 * Reads `(options)`, `(options, callback)` and `(callback)`. Keeps an argument that is neither, so
 * that its check fails. It may be an expiry.
 */
export function optionsAndCallback<Options, Fn>(a: unknown, b: unknown): [Options?, Fn?] {
    return (typeof a === 'function' ? [b, a] : [a, b]) as [Options?, Fn?];
}

/** Returns INVALID_FUNCTION for a callback that the client could not call. */
export function checkCallback(callback: unknown): Error | null {
    const isAbsent = callback === undefined || callback === null;
    return isAbsent || typeof callback === 'function' ? null : invalidCallback(callback);
}

export const resultOnly = <T>(result: T | null): [T | null] => [result];

export function valueAndFlags(item: Item | null): [Buffer | null, Buffer | null] {
    return [item?.value ?? null, item?.flags ?? null];
}

export function successAndValue(
    counted: { success: boolean; value: bigint | null } | null,
): [boolean | null, bigint | null] {
    return [counted?.success ?? null, counted?.value ?? null];
}

/**
 * Returns the promise, or passes its outcome to the callback.
 * @param spread returns the arguments after the error, for a result or for null after a failure
 */
export function deliver<T, R extends unknown[]>(
    promise: Promise<T>,
    callback: ((error: Error | null, ...results: R) => void) | undefined,
    spread: (result: T | null) => R,
): Promise<T> | void {
    if (typeof callback !== 'function') return promise;
    // In a separate turn, an exception of the callback cannot fail a call or a socket.
    promise.then(
        result => process.nextTick(callback, null, ...spread(result)),
        (error: Error) => process.nextTick(callback, error, ...spread(null)),
    );
}

/** Returns the outcomes of all servers, or passes each to the callback when it arrives. */
export function deliverStats(
    byServer: ReadonlyMap<string, Promise<Statistics>>,
    callback: StatsCallback | undefined,
): Promise<Map<string, Statistics | Error>> | void {
    if (typeof callback !== 'function') return settleEach(byServer);
    for (const [server, stats] of byServer) {
        void deliver<Statistics, [string, Statistics | null]>(stats, callback, result => [server, result]);
    }
}

/**
 * Passes the outcomes of all servers to the callback. Without a callback, returns a promise that
 * rejects if a server fails.
 */
export function deliverFlush(
    byServer: ReadonlyMap<string, Promise<boolean>>,
    callback: FlushCallback | undefined,
): Promise<FlushResults> | void {
    const flushed = settleEach(byServer).then(outcomes => {
        const errors = [...outcomes.values()].filter(outcome => outcome instanceof Error);
        return { error: errors.at(-1) ?? null, results: Object.fromEntries(outcomes) };
    });
    if (typeof callback === 'function') {
        return void flushed.then(({ error, results }) => process.nextTick(callback, error, results));
    }
    return flushed.then(({ error, results }) => {
        if (error !== null) throw error;
        return results;
    });
}

/** Resolves with the result or the error of each server. */
export async function settleEach<T>(byServer: ReadonlyMap<string, Promise<T>>): Promise<Map<string, T | Error>> {
    const settling = [...byServer].map(async ([server, promise]) => {
        return [server, await promise.catch((error: Error) => error)] as const;
    });
    return new Map(await Promise.all(settling));
}
