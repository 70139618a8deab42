import type { MemcachedServer } from '../server/MemcachedServer';

/** How a value is stored. */
export interface StoreOptions {
    /** Seconds; 0 or absent: never. Past 30 days (2592000) memcached takes it for a Unix time. */
    readonly expires?: number | undefined;
    /** 32 bits that are kept with the value. */
    readonly flags?: number | undefined;
}

/** Where a call goes. */
export interface Placement {
    /** To the key's own server, also while `failover` sends others elsewhere: a lock has one place. */
    readonly pinned?: boolean | undefined;
    /** To this server, whatever the key's own server is. */
    readonly server?: MemcachedServer | undefined;
}

/** When a CAS may be compared. */
export interface CasValidity {
    /**
     * The epoch in which the CAS was answered. In another one the call is not sent but answers 'stale': the server may have been restarted,
     * and the CAS may be that of another item.
     */
    readonly epoch?: number | undefined;
}

export interface CounterOptions extends Placement {
    /** What the counter starts with when there is none, 0 when absent; null: do not create it. */
    readonly initial?: number | bigint | null | undefined;
    /** Seconds, for a counter that is created. */
    readonly expires?: number | undefined;
}
