import { tracingChannel, type TracingChannel } from 'node:diagnostics_channel';

/**
 * What can be listened to with `node:diagnostics_channel`, as Node's TracingChannel has it: `start` and `end` around the synchronous part, `asyncStart` and
 * `asyncEnd` when it is done, `error` before these when it failed. All five get the same object. It holds keys, never a value, never a password.
 */
interface TraceContext {
    /** Why it failed; set before `error` is published. */
    error?: unknown;
}

/** `tracing:pip-services4-memcached:command:*`: one call for one server. A batch has one for each server and thousand keys. */
export interface CommandTrace extends TraceContext {
    /** For example `get`, `set`, `getMany`. */
    readonly operation: string;
    /** As memcached has it, with the prefix; absent for batches and for what is about no key. */
    readonly key?: string;
    /** Of a batch. */
    readonly keyCount?: number;
    /** `host:port`. */
    readonly server: string;
    /** For example `hit`, `miss`, `stored`; absent when it failed. */
    result?: string;
}

/** `tracing:pip-services4-memcached:connect:*`: a socket, until it can be used or cannot. */
export interface ConnectTrace extends TraceContext {
    readonly server: string;
    /** `unused`: it was not needed any more. */
    result?: 'connected' | 'unused';
}

/** `tracing:pip-services4-memcached:lock:*`: a lock that is acquired, waiting included. */
export interface LockTrace extends TraceContext {
    /** `tryAcquire` does not wait. */
    readonly operation: 'acquire' | 'tryAcquire';
    /** Without the prefix. */
    readonly key: string;
    result?: 'acquired' | 'busy';
}

/** `tracing:pip-services4-memcached:load:*`: the loader of a value that the cache did not have. */
export interface LoadTrace extends TraceContext {
    /** Without the prefix. */
    readonly key: string;
    result?: 'loaded' | 'nothing';
}

type Channel<C extends object> = TracingChannel<unknown, C>;

export const commandTracing: Channel<CommandTrace> = tracingChannel('pip-services4-memcached:command');
export const connectTracing: Channel<ConnectTrace> = tracingChannel('pip-services4-memcached:connect');
export const lockTracing: Channel<LockTrace> = tracingChannel('pip-services4-memcached:lock');
export const loadTracing: Channel<LoadTrace> = tracingChannel('pip-services4-memcached:load');

/** Whether anybody listens: only then is a context worth making. Early versions of Node 20 do not say it of all five at once. */
export function isTraced<C extends object>({ start, end, asyncStart, asyncEnd, error }: Channel<C>): boolean {
    return (
        start.hasSubscribers ||
        end.hasSubscribers ||
        asyncStart.hasSubscribers ||
        asyncEnd.hasSubscribers ||
        error.hasSubscribers
    );
}

/**
 * Begins and traces what ends with a promise, which is answered. Node's own `tracePromise` would show its value to whoever listens; here that is `resultOf` it.
 * @param begin is run within the stores that are bound to `start`
 */
export function trace<C extends TraceContext & { result?: unknown }, T>(
    tracing: Channel<C>,
    context: C,
    begin: () => Promise<T>,
    resultOf: (value: T) => C['result'],
): Promise<T> {
    const promise = traceStart(tracing, context, begin);
    return promise.then(
        value => {
            context.result = resultOf(value);
            traceDone(tracing, context);
            return value;
        },
        (error: unknown) => {
            traceFailed(tracing, context, error);
            throw error;
        },
    );
}

/** The synchronous part. */
export function traceStart<C extends TraceContext, T>(tracing: Channel<C>, context: C, begin: () => T): T {
    return tracing.start.runStores(context, () => {
        try {
            return begin();
        } catch (error) {
            context.error = error;
            tracing.error.publish(context);
            throw error;
        } finally {
            tracing.end.publish(context);
        }
    });
}

export function traceDone<C extends TraceContext>(tracing: Channel<C>, context: C): void {
    tracing.asyncStart.publish(context);
    tracing.asyncEnd.publish(context);
}

export function traceFailed<C extends TraceContext>(tracing: Channel<C>, context: C, error: unknown): void {
    context.error = error;
    tracing.error.publish(context);
    traceDone(tracing, context);
}
