import type { Value } from '../histories/RegisterHistory';

/** A group of keys with one writer at a time. */
export interface Group {
    readonly name: string;
    /** The value of the next write. Each write has a greater value. */
    readonly next: number;
}

/** An order to a writer. With `give` the writer finishes its call and returns the group. */
export type Order = { readonly take: Group } | { readonly give: string } | { readonly stop: true };

/**
 * A call of a process. Times are in ns of the monotonic clock of the machine, which all processes
 * share.
 */
export type Call = readonly [
    what: 'wrote' | 'failed to write' | 'found',
    key: string,
    value: Value,
    beganNs: number,
    endedNs: number,
];

export type Answer =
    | { readonly ready: true }
    | { readonly gave: Group }
    | { readonly calls: readonly Call[] }
    /** The number of calls, and the number of rejections by code. */
    | { readonly made: number; readonly codes: Record<string, number> };

export const keysOf = (group: string): string[] => [`${group}:a`, `${group}:b`];
