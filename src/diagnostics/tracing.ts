import { tracingChannel, type TracingChannel } from 'node:diagnostics_channel';

/**
 * The object that subscribers of a `node:diagnostics_channel` get. As with Node's TracingChannel,
 * `start` and `end` surround the synchronous part. `asyncStart` and `asyncEnd` follow the end of
 * the work. If the work failed, `error` comes before both. All five get the same object. It holds
 * keys, but never a value or a password.
 */
interface TraceContext {
    /** The reason of the failure. It is present before `error`. */
    error?: unknown;
}

/** The server of a trace. */
export interface ServerTrace {
    /** The name of the server in messages, logs and statistics, for example `host:port`. */
    readonly server: string;
    /** The host name or the IP address. For a Unix socket, its path. */
    readonly host: string;
    /** The TCP port. Absent for a Unix socket. */
    readonly port?: number | undefined;
}

/** The outcomes of the keys of a batch. */
export interface KeyCounts {
    /** The number of keys that the server has rejected. Absent if the batch has failed. */
    readonly failed?: number | undefined;
    /** The number of keys that a reading batch has found. */
    readonly hits?: number | undefined;
    /** The number of keys that a reading batch has not found. */
    readonly misses?: number | undefined;
}

/** `tracing:pip-services4-memcached:command:*`: one call to one server, or one chunk of a batch. */
export interface CommandTrace extends TraceContext, ServerTrace, KeyCounts {
    /** The verb, for example `get`, `set`, `getMany`. */
    readonly operation: string;
    /** The key on the server, with the prefix. Absent for batches and for calls without a key. */
    readonly key?: string | undefined;
    /** The number of keys of a batch. */
    readonly keyCount?: number | undefined;
    /**
     * Whether a component makes the request for itself. Examples are the token of `clear`, the lease
     * and the loaded value of `retrieveOrLoad`, evictions, renewals of locks, and health checks.
     */
    readonly isInternal: boolean;
    /** The number of retries after a fault. It is final before `asyncStart` and `error`. */
    retries: number;
    /** The result, for example `hit`, `miss`, `stored`. Absent if the call has failed. */
    result?: string | undefined;
}

/** `tracing:pip-services4-memcached:connect:*`: the opening of a socket, TLS and login included. */
export interface ConnectTrace extends TraceContext, ServerTrace {
    /** The outcome. `unused` = the client does not need the socket any more. */
    result?: 'connected' | 'unused' | undefined;
}

/** `tracing:pip-services4-memcached:lock:*`: the acquisition of a lock, waiting included. */
export interface LockTrace extends TraceContext {
    /** The verb. `tryAcquire` does not wait. */
    readonly operation: 'acquire' | 'tryAcquire';
    /** The key without the prefix. */
    readonly key: string;
    /** The outcome. Absent if the acquisition has failed. `busy` = another holder has the lock. */
    result?: 'acquired' | 'busy' | undefined;
}

/** `tracing:pip-services4-memcached:load:*`: a call of a loader for a missing key. */
export interface LoadTrace extends TraceContext {
    /** The key without the prefix. */
    readonly key: string;
    /** The outcome. Absent if the loader has failed. `nothing` = it has returned no value. */
    result?: 'loaded' | 'nothing' | undefined;
}

type Channel<C extends object> = TracingChannel<unknown, C>;

export const commandTracing: Channel<CommandTrace> = tracingChannel('pip-services4-memcached:command');
export const connectTracing: Channel<ConnectTrace> = tracingChannel('pip-services4-memcached:connect');
export const lockTracing: Channel<LockTrace> = tracingChannel('pip-services4-memcached:lock');
export const loadTracing: Channel<LoadTrace> = tracingChannel('pip-services4-memcached:load');

/** Returns whether there are subscribers. Early Node 20 has no `hasSubscribers`. */
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
 * Runs and traces asynchronous work. Node's `tracePromise` would publish the value itself.
 * @param begin runs within the stores that are bound to `start`
 */
export function trace<C extends TraceContext & { result?: unknown }, T>(
    tracing: Channel<C>,
    context: C,
    begin: () => Promise<T>,
    resultOf: (value: T) => C['result'],
): Promise<T> {
    return traceStart(tracing, context, begin).then(
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
