import type { CounterOptions, StoreOptions } from '../model/CallOptions';

/** memjs's callback forms of the verbs. */

/** Gets the result of a verb, or its error. */
export type Callback<T> = (error: Error | null, result: T | null) => void;
/** Gets a value and its flags. Both are null on a miss. */
export type GetCallback = (error: Error | null, value: Buffer | null, flags: Buffer | null) => void;
/** Gets the value of a counter. `success` is false if there is no such counter. */
export type CounterCallback = (error: Error | null, success: boolean | null, value: bigint | null) => void;
/** Gets the statistics of a server. The client calls it once for each server. */
export type StatsCallback = (error: Error | null, server: string, stats: Record<string, string> | null) => void;
/** The outcome of a flush by server: true, or the error. */
export type FlushResults = Record<string, boolean | Error>;
/** Gets all outcomes of a flush, with the last error if there is one. */
export type FlushCallback = (error: Error | null, results: FlushResults) => void;

export type OptionsOrCallback = StoreOptions | Callback<boolean> | undefined;
export type CallbackOrExpiry = Callback<boolean> | number | undefined;
export type CounterOptionsOrCallback = CounterOptions | CounterCallback | undefined;

const NO_OPTIONS: StoreOptions = {};

/** Reads `(options)`, `(options, callback)`, `(callback)` and the old `(callback, expires)`. */
export function parseStoreOptions(a: OptionsOrCallback, b: CallbackOrExpiry): StoreOptions {
    if (typeof a === 'function') return typeof b === 'number' ? { expires: b } : NO_OPTIONS;
    return a ?? NO_OPTIONS;
}

export function parseStoreCallback(a: OptionsOrCallback, b: CallbackOrExpiry): Callback<boolean> | undefined {
    if (typeof a === 'function') return a;
    return typeof b === 'function' ? b : undefined;
}

export function parseCounterOptions(a: CounterOptionsOrCallback): CounterOptions | undefined {
    return typeof a === 'function' ? undefined : a;
}

/** Returns the promise, or passes its result to the callback. */
export function toCallback<T>(promise: Promise<T>, callback: Callback<T> | undefined): Promise<T> | void {
    if (typeof callback !== 'function') return promise;
    deliver(
        promise,
        value => callback(null, value),
        error => callback(error, null),
    );
}

export function toGetCallback<T extends { value: Buffer | null; flags: Buffer | null }>(
    promise: Promise<T>,
    callback: GetCallback | undefined,
): Promise<T> | void {
    if (typeof callback !== 'function') return promise;
    deliver(
        promise,
        ({ value, flags }) => callback(null, value, flags),
        error => callback(error, null, null),
    );
}

export function toCounterCallback<T extends { success: boolean; value: bigint | null }>(
    promise: Promise<T>,
    a: CounterOptionsOrCallback,
    b: CounterCallback | undefined,
): Promise<T> | void {
    const callback = typeof a === 'function' ? a : b;
    if (typeof callback !== 'function') return promise;
    deliver(
        promise,
        ({ success, value }) => callback(null, success, value),
        error => callback(error, null, null),
    );
}

/**
 * Returns the statistics or the error of each server, or passes them to the callback as they
 * arrive.
 */
export function toStatsCallback(
    byServer: ReadonlyMap<string, Promise<Record<string, string>>>,
    callback: StatsCallback | undefined,
): Promise<Map<string, Record<string, string> | Error>> | void {
    if (typeof callback !== 'function') return settleEach(byServer);
    for (const [server, stats] of byServer) {
        deliver(
            stats,
            value => callback(null, server, value),
            error => callback(error, server, null),
        );
    }
}

/**
 * The promise rejects if a server fails. The callback gets the outcomes of all servers then too.
 */
export function toFlushCallback(
    byServer: ReadonlyMap<string, Promise<boolean>>,
    callback: FlushCallback | undefined,
): Promise<FlushResults> | void {
    const settled = settleEach(byServer).then(outcomes => {
        const errors = [...outcomes.values()].filter(outcome => outcome instanceof Error);
        return { error: errors.at(-1) ?? null, results: Object.fromEntries(outcomes) };
    });
    if (typeof callback === 'function') {
        return deliver(
            settled,
            ({ error, results }) => callback(error, results),
            () => {},
        );
    }
    return settled.then(({ error, results }) => {
        if (error !== null) throw error;
        return results;
    });
}

/** Resolves with the result or the error of each server. */
export async function settleEach<T>(byServer: ReadonlyMap<string, Promise<T>>): Promise<Map<string, T | Error>> {
    const entries = [...byServer].map(async ([server, promise]) => {
        return [server, await promise.catch((error: Error) => error)] as const;
    });
    return new Map(await Promise.all(entries));
}

/** An exception of a callback is uncaught, as in Node itself: it fails no call and no socket. */
function deliver<T>(promise: Promise<T>, onValue: (value: T) => void, onError: (error: Error) => void): void {
    promise.then(
        value => process.nextTick(onValue, value),
        (error: Error) => process.nextTick(onError, error),
    );
}
