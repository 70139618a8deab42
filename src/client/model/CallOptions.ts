/** How a value is stored. */
export interface StoreOptions {
    /** Seconds. 0 or absent = never. From 30 days (2592000) on, memcached reads a Unix time. */
    readonly expires?: number | undefined;
    /** 32 bits that memcached keeps with the value. */
    readonly flags?: number | undefined;
}

/** When a CAS may be compared. */
export interface CasValidity {
    /** The epoch in which the server answered the CAS. In another epoch the result is 'stale'. */
    readonly epoch?: number | undefined;
}

/** How a counter is created. */
export interface CounterOptions {
    /** The first value of a new counter, 0 when absent. null = do not create it. */
    readonly initial?: number | bigint | null | undefined;
    /** Seconds after which a new counter expires. 0 or absent = never. */
    readonly expires?: number | undefined;
}
