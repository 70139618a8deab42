import { Item } from '../client/Item';
import type { Held } from '../client/readCalls';
import { Flag, hasFlag, OURS, type Encoded } from './values';

/**
 * Values that are kept for longer than they are fresh. They begin with two dates, ms since 1970 as
 * doubles: until when they are fresh, and until when they are kept. Eight bytes for a mark follow:
 * see `marks`. The dates are those of the machine that stored the value. Other machines see them
 * shifted by as much as the clocks differ.
 */
const HEADER_BYTES = 24;
const KEPT_AT = 8;
const MARK_AT = 16;

export function date({ value, flags }: Encoded, freshUntilMs: number, keptUntilMs: number): Encoded {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeDoubleBE(freshUntilMs);
    header.writeDoubleBE(keptUntilMs, KEPT_AT);
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    return { value: Buffer.concat([header, bytes]), flags: OURS | flags | Flag.DATED };
}

export function isDated(item: Item): boolean {
    return hasFlag(item, Flag.DATED) && item.value !== null && item.value.length >= HEADER_BYTES;
}

/** What holds now: what is past its freshness, and what only says that somebody loads, is as good as nothing. */
export function current(held: Held): Held {
    if (held === null || typeof held === 'string') return held;
    if (isDated(held)) return Date.now() < freshUntilMs(held) ? undated(held) : null;
    return hasFlag(held, Flag.LOADING) ? null : held;
}

/** What it was before; null when that is more than so many ms ago. */
export function staleSince(item: Item, staleForMs: number): Item | null {
    return isDated(item) && Date.now() < freshUntilMs(item) + staleForMs ? undated(item) : null;
}

/** ms for which it is to be kept; 0 for what has no dates. */
export function keptForMs(item: Item): number {
    return isDated(item) ? Math.max(0, item.value!.readDoubleBE(KEPT_AT) - Date.now()) : 0;
}

/** The mark of an item that is dated. */
export function markOf({ value }: Item): Buffer {
    return value!.subarray(MARK_AT, HEADER_BYTES);
}

/** The item, which is dated, with another mark and other flags. */
export function withMark(item: Item, mark: Uint8Array, flags: number): { value: Buffer; flags: number } {
    const value = Buffer.from(item.value!);
    value.set(mark, MARK_AT);
    return { value, flags };
}

function freshUntilMs(item: Item): number {
    return item.value!.readDoubleBE(0);
}

function undated({ value, flagBits }: Item): Item {
    return new Item(value!.subarray(HEADER_BYTES), flagBits & ~(Flag.DATED | Flag.LOADING), 0, 0);
}
