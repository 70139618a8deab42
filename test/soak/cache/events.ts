import type { Interval, Value } from '../histories/RegisterHistory';

/** The machine's monotonic clock, which processes share, in ms. */
export const nowMs = (): number => Number(process.hrtime.bigint()) / 1e6;

interface Done extends Interval {
    readonly verb: string;
    readonly key: string;
    /** The instance: `2.1#3` is the third life of the second instance in process 2. */
    readonly by: string;
}

/** `isDone` false: it was rejected, and its outcome is unknown. */
export interface Wrote extends Done {
    readonly what: 'wrote';
    readonly value: Value;
    readonly isDone: boolean;
    /** The instance may evict it. */
    readonly isFleeting: boolean;
}

/** An `add` that was answered with false. */
export interface Refused extends Done {
    readonly what: 'refused';
    readonly value: number;
}

export interface Found extends Done {
    readonly what: 'found';
    readonly value: Value;
}

/** An increment that was answered with `value`. */
export interface Counted extends Done {
    readonly what: 'counted';
    readonly value: number;
}

/** A loader that has returned a value, which it read from its origin when it began. */
export interface Load extends Done {
    readonly what: 'load';
    readonly value: number;
    /** The value is fresh for so many ms at most. */
    readonly freshMs: number;
}

/** A call of `retrieveOrLoad`. The value is null if it was rejected. */
export interface Asked extends Done {
    readonly what: 'asked';
    readonly value: Value;
    readonly takesStale: boolean;
    /** During the call a read of the instance failed because memcached was unavailable. */
    readonly wasAway: boolean;
}

export interface Cleared extends Interval {
    readonly what: 'cleared';
    readonly by: string;
    readonly isDone: boolean;
}

/** A server was restarted. */
export interface Lost extends Interval {
    readonly what: 'lost';
    readonly server: number;
}

export type Event = Wrote | Refused | Found | Counted | Load | Asked | Cleared | Lost;

export type Message =
    | { readonly ready: true }
    /** The process is about to call `clear`. */
    | { readonly clears: true }
    | { readonly events: readonly Event[] }
    /** Operations by verb, where a batch counts once per key, and rejections by code. */
    | { readonly operations: Record<string, number>; readonly codes: Record<string, number> };
