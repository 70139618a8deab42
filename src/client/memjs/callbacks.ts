import type { CounterOptions, StoreOptions } from '../model/CallOptions';

/** memjs's callback forms of the verbs. */

export type Callback<T> = (error: Error | null, result: T | null) => void;
/** memjs's, of a get: on a miss `value` and `flags` are null. */
export type GetCallback = (error: Error | null, value: Buffer | null, flags: Buffer | null) => void;
/** memjs's, of a counter: `success` is false when there is no such counter. */
export type CounterCallback = (error: Error | null, success: boolean | null, value: bigint | null) => void;

export type OptionsOrCallback = StoreOptions | Callback<boolean> | undefined;
export type CallbackOrExpiry = Callback<boolean> | number | undefined;
export type CounterArguments = [(CounterOptions | CounterCallback)?, CounterCallback?];

const NO_OPTIONS: StoreOptions = {};

/** memjs's forms: options, options and a callback, a callback, and the old one of a callback and then the expiry. */
export function parseStoreOptions(a: OptionsOrCallback, b: CallbackOrExpiry): StoreOptions {
    if (typeof a === 'function') return typeof b === 'number' ? { expires: b } : NO_OPTIONS;
    return a ?? NO_OPTIONS;
}

export function parseStoreCallback(a: OptionsOrCallback, b: CallbackOrExpiry): Callback<boolean> | undefined {
    if (typeof a === 'function') return a;
    return typeof b === 'function' ? b : undefined;
}

/** A callback runs on its own: what it throws is its owner's, as with any callback in Node. */
export function deliver<T>(promise: Promise<T>, onValue: (value: T) => void, onError: (error: Error) => void): void {
    promise.then(
        value => process.nextTick(onValue, value),
        (error: Error) => process.nextTick(onError, error),
    );
}

/** The promise, or its answer to the callback. */
export function toCallback<T>(promise: Promise<T>, callback: Callback<T> | undefined): Promise<T> | void {
    if (typeof callback !== 'function') return promise;
    deliver(
        promise,
        value => callback(null, value),
        error => callback(error, null),
    );
}
