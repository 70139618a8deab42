import type { Step } from './Plan';

/** A call and what became of it. */
export interface Entry {
    readonly step: Step;
    readonly process: string;
    /** Whose list of servers counts, see `userOf`. */
    user: string;
    readonly startMs: number;
    /** Infinity while it is pending. */
    endMs: number;
    /** How long the process had been held when it began, and when it ended. */
    readonly heldBeforeMs: number;
    heldAfterMs: number;
    result: unknown;
    error: Error | null;
    /** The keys as memcached has them. */
    fullKeys: readonly string[];
    /** What the check needs to know that the result does not tell. */
    readonly notes: Map<string, unknown>;
    /** What the call has added to the counters of its component. */
    readonly counts: Map<string, number>;
    /** Of that, what it had added when it settled: a load may go on. */
    countsAtEnd: ReadonlyMap<string, number>;
}

/** Every call of a schedule, in the order of their beginnings. */
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
