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

/** An answer that a counter, or an update of one, has risen to `value`. */
export interface Counted extends Done {
    readonly what: 'counted';
    readonly value: number;
}

/** A loader. It read its origin when it began. */
export interface Load extends Done {
    readonly what: 'load';
    readonly value: number;
    /** For so long it is fresh, at most. */
    readonly freshMs: number;
}

/** A call of `retrieveOrLoad`; the value is null when it was rejected. */
export interface Asked extends Done {
    readonly what: 'asked';
    readonly value: Value;
    readonly takesStale: boolean;
    /** The instance could not read memcached at some time of the call. */
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
    | { readonly events: readonly Event[] }
    /** How many operations there were: a batch is one for each key. And the codes of rejections. */
    | { readonly operations: Record<string, number>; readonly codes: Record<string, number> };
