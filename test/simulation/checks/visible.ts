import type { StoredItem } from '../memcached/History';

/** Flags of the package, as in docs/cache.md. */
const OURS = 0x5053_0000;
const BYTES = 1;
const DATED = 4;
const LOADING = 8;
/** Length of the header, which has two timestamps and a mark. */
const HEADER_BYTES = 24;

/** Value that the cache reads from an item. */
export interface Visible {
    /** Value of the item, or undefined for a miss. */
    readonly value: unknown;
    /** End of freshness by the clock of the storing process, or Infinity. */
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

/** Parses a value. Most verbs treat a stored null as a miss. */
function parse(text: Buffer): unknown {
    return (JSON.parse(text.toString()) as unknown) ?? undefined;
}
