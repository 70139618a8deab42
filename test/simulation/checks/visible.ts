import type { StoredItem } from '../memcached/History';

/** The flags of the package, as docs/cache.md describes the values that have them. */
const OURS = 0x5053_0000;
const BYTES = 1;
const DATED = 4;
const LOADING = 8;
/** Two dates and a mark. */
const HEADER_BYTES = 24;

/** What the cache makes of an item. */
export interface Visible {
    /** undefined: nothing. */
    readonly value: unknown;
    /** By the clock of who stored it; Infinity: as long as it is there. */
    readonly freshUntilMs: number;
}

const NOTHING: Visible = { value: undefined, freshUntilMs: Infinity };

export function visibleOf(item: StoredItem | null): Visible {
    if (item === null) return NOTHING;
    const { value, flags } = item;
    if (flags === 0) return { value: parse(value), freshUntilMs: Infinity };
    if ((flags & DATED) !== 0)
        return { value: parse(value.subarray(HEADER_BYTES)), freshUntilMs: value.readDoubleBE(0) };
    if ((flags & LOADING) !== 0) return NOTHING;
    return flags === (OURS | BYTES) ? { value, freshUntilMs: Infinity } : NOTHING;
}

/** A null that is kept is nothing for most verbs. */
function parse(text: Buffer): unknown {
    return (JSON.parse(text.toString()) as unknown) ?? undefined;
}
