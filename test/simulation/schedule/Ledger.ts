import type { Step } from './Plan';

/** Call and its outcome. */
export interface Entry {
    readonly step: Step;
    readonly process: string;
    /** Component whose server list applies (see `userOf`). */
    user: string;
    readonly startMs: number;
    /** Time of the result, or Infinity while the call is pending. */
    endMs: number;
    /** Time for which the process has stood still before the call. */
    readonly heldBeforeMs: number;
    heldAfterMs: number;
    result: unknown;
    error: Error | null;
    /** Keys as memcached stores them. */
    fullKeys: readonly string[];
    /** Facts that the checks need and the result does not contain. */
    readonly notes: Map<string, unknown>;
    /** Counters that the call has raised so far. */
    readonly counts: Map<string, number>;
    /** Counters at the end of the call. A background load may raise `counts` later. */
    countsAtEnd: ReadonlyMap<string, number>;
}

/** Every call of a schedule, ordered by start. */
export class Ledger {
    readonly entries: Entry[] = [];

    begin(step: Step, process: string, startMs: number, heldBeforeMs: number): Entry {
        const entry: Entry = {
            step,
            process,
            user: '',
            startMs,
            endMs: Infinity,
            heldBeforeMs,
            heldAfterMs: heldBeforeMs,
            result: undefined,
            error: null,
            fullKeys: [],
            notes: new Map(),
            counts: new Map(),
            countsAtEnd: new Map(),
        };
        this.entries.push(entry);
        return entry;
    }
}

export function codeOf(error: Error | null): string | null {
    if (error === null) return null;
    return (error as { code?: string }).code ?? error.name;
}
