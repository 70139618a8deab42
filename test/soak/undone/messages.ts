import type { Value } from '../histories/RegisterHistory';

/** The keys of a group have one writer at a time. */
export interface Group {
    readonly name: string;
    /** The value of its next write; values rise. */
    readonly next: number;
}

/** `give`: the writer ends its call and gives the group back. */
export type Order = { readonly take: Group } | { readonly give: string } | { readonly stop: true };

/** Times are ns of the machine's monotonic clock, which processes share. */
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
    /** How many calls were made, and how many of them rejected, by code. */
    | { readonly made: number; readonly codes: Record<string, number> };

export const keysOf = (group: string): string[] => [`${group}:a`, `${group}:b`];
