import { invalidCallOptions, unknownCallOption, unreadableCallOptions } from './errors';
import { findUnknown, isOptions } from '../../util/options';

/** The options of a store. */
export interface StoreOptions {
    /**
     * Expiry in seconds. 0 = never. Absent = the client's `expires`. A number above 2592000
     * (30 days) is a Unix time.
     */
    readonly expires?: number | undefined;
    /** 32 bits that memcached keeps with the value. Absent = 0. */
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
    /** The expiry of a new counter, in seconds. 0 = never. Absent = the client's `expires`. */
    readonly expires?: number | undefined;
}

/** The options of `open`. */
export interface OpenOptions {
    /**
     * Whether the client opens although no server answers. It then probes the servers until they
     * answer. Absent = false.
     */
    readonly allowUnavailable?: boolean | undefined;
}

/** All options of each kind of call, with their defaults. */
export interface CallDefaults {
    readonly open: OpenOptions;
    readonly store: StoreOptions;
    readonly counter: CounterOptions;
    readonly cas: CasValidity;
    readonly casStore: StoreOptions & CasValidity;
}

/** @param expires the default expiry in seconds, 0 = never */
export function defaultsOf(expires: number): CallDefaults {
    const store = { expires, flags: 0 };
    const cas = { epoch: undefined };
    const counter = { expires, initial: 0 };
    return { open: { allowUnavailable: false }, store, counter, cas, casStore: { ...store, ...cas } };
}

/**
 * Returns the options of a call over their defaults. `defaults` has all names that the call knows.
 * The verbs check the values. Returns INVALID_OPTION for an unknown name, because a mistyped expiry
 * would keep the value forever.
 */
export function readCallOptions<T extends object>(options: T | null | undefined, defaults: T): T | Error {
    if (options === undefined || options === null) return defaults;
    const known = Object.keys(defaults) as (keyof T & string)[];
    try {
        if (!isOptions(options)) return invalidCallOptions(options, known);
        const unknown = findUnknown(options, defaults);
        if (unknown !== undefined) return unknownCallOption(unknown, known);
        const read = { ...defaults };
        for (const name of known) {
            const value = options[name];
            if (value !== undefined) read[name] = value;
        }
        return read;
    } catch (error) {
        return unreadableCallOptions(error);
    }
}
