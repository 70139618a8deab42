import type { Interval, Value } from '../histories/RegisterHistory';

/** Returns the monotonic clock of the machine in ms, which all processes share. */
export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

interface Done extends Interval {
    readonly verb: string;
    readonly key: string;
    /** The name of the instance. `2.1#3` is the third life of the second instance in process 2. */
    readonly by: string;
}

/** A write. If `isDone` is false, the call rejects and its outcome is unknown. */
export interface Wrote extends Done {
    readonly what: 'wrote';
    readonly value: Value;
    readonly isDone: boolean;
    /** Whether the instance may evict the value. */
    readonly isFleeting: boolean;
}

/** An `add` that has returned false. */
export interface Refused extends Done {
    readonly what: 'refused';
    readonly value: number;
}

export interface Found extends Done {
    readonly what: 'found';
    readonly value: Value;
}

/** An increment that has returned `value`. */
export interface Counted extends Done {
    readonly what: 'counted';
    readonly value: number;
}

/**
 * A loader that has returned a value. The loader reads the value from its origin when it begins.
 */
export interface Load extends Done {
    readonly what: 'load';
    readonly value: number;
    /** The maximum time for which the value is fresh, in ms. */
    readonly freshMs: number;
}

/** A call of `retrieveOrLoad`. The value is null if the call rejects. */
export interface Asked extends Done {
    readonly what: 'asked';
    readonly value: Value;
    readonly takesStale: boolean;
    /** Whether memcached has been unavailable to a read of the instance during the call. */
    readonly wasAway: boolean;
}

export interface Cleared extends Interval {
    readonly what: 'cleared';
    readonly by: string;
    readonly isDone: boolean;
}

/** A restart of a server, which loses its items. */
export interface Lost extends Interval {
    readonly what: 'lost';
    readonly server: number;
}

export type Event = Wrote | Refused | Found | Counted | Load | Asked | Cleared | Lost;

export type Message =
    | { readonly ready: true }
    /** The announcement of a call of `clear`. */
    | { readonly clears: true }
    | { readonly events: readonly Event[] }
    /** The operations by verb, with one per key of a batch, and the rejections by code. */
    | { readonly operations: Record<string, number>; readonly codes: Record<string, number> };
