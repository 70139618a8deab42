import type { ServerObserver, ServerOptions } from './MemcachedServer';

/** What a client may be told. All of it has a default; times are in ms. */
export interface ClientOptions extends ServerOptions {
    /** Longest key in bytes, at most `MOST_KEY_BYTES`. */
    readonly maxKeyBytes: number;
    readonly maxValueBytes: number;
    /** While a server is down, its keys go to the next one on the ring. */
    readonly failover: boolean;
    readonly observer: ServerObserver;
}

/** memcached's own limit. */
export const MOST_KEY_BYTES = 250;

export const DEFAULT_OPTIONS: ClientOptions = Object.freeze({
    poolSize: 5,
    retries: 3,
    maxPending: 100_000,
    requestTimeoutMs: 1000,
    connectTimeoutMs: 1000,
    reconnectMs: 10_000,
    failures: 5,
    retryMs: 30_000,
    idleMs: 5000,
    maxKeyBytes: MOST_KEY_BYTES,
    maxValueBytes: 1024 * 1024,
    failover: false,
    observer: { onDown: () => {}, onUp: () => {} },
});
