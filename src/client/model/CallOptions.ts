/** The options of a store. */
export interface StoreOptions {
    /** Expiry in seconds. 0 or absent = never. Numbers above 2592000 (30 days) are a Unix time. */
    readonly expires?: number | undefined;
    /** 32 bits that memcached keeps with the value. */
    readonly flags?: number | undefined;
}

/** The condition under which the client may compare a CAS. */
export interface CasValidity {
    /** The epoch in which the server has returned the CAS. In another one the result is 'stale'. */
    readonly epoch?: number | undefined;
}

/** The options of a new counter. */
export interface CounterOptions {
    /** The first value of a new counter, 0 when absent. null = do not create it. */
    readonly initial?: number | bigint | null | undefined;
    /** The expiry of a new counter, in seconds. 0 or absent = never. */
    readonly expires?: number | undefined;
}
