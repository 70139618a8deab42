import { Item } from '../../client/model/Item';
import type { Fetched } from '../../client/calls/getCalls';
import { Flag, hasFlag, OURS, type Encoded } from './valueCodec';

/**
 * The size of the header of values that memcached keeps for longer than they are fresh. Its two
 * dates are the ends of both periods, as doubles in ms since 1970. A mark of eight bytes follows
 * (see `loadMarks`). The dates are by the clock of the machine that has stored the value. On other
 * machines the dates are off by the difference of the clocks.
 */
const HEADER_BYTES = 24;
const KEPT_AT = 8;
const MARK_AT = 16;

export function wrap({ value, flags }: Encoded, freshUntilMs: number, keptUntilMs: number): Encoded {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeDoubleBE(freshUntilMs);
    header.writeDoubleBE(keptUntilMs, KEPT_AT);
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    return { value: Buffer.concat([header, bytes]), flags: OURS | flags | Flag.DATED };
}

export function isWrapped(item: Item): boolean {
    return hasFlag(item, Flag.DATED) && item.value !== null && item.value.length >= HEADER_BYTES;
}

/** Returns the value without its header, or null if it is stale or only the mark of a lease. */
export function freshOrNull(held: Fetched): Fetched {
    if (held === null || typeof held === 'string') return held;
    if (isWrapped(held)) return Date.now() < freshUntilMs(held) ? unwrap(held) : null;
    return hasFlag(held, Flag.LOADING) ? null : held;
}

/** Returns the value without its header, or null if it has none or is stale for longer. */
export function staleOrNull(item: Item, staleForMs: number): Item | null {
    return isWrapped(item) && Date.now() < freshUntilMs(item) + staleForMs ? unwrap(item) : null;
}

/** Returns how long to keep the item, in ms. 0 if it has no header. */
export function keptForMs(item: Item): number {
    return isWrapped(item) ? Math.max(0, item.value!.readDoubleBE(KEPT_AT) - Date.now()) : 0;
}

export function markOf({ value }: Item): Buffer {
    return value!.subarray(MARK_AT, HEADER_BYTES);
}

export function withMark(item: Item, mark: Uint8Array, flags: number): { value: Buffer; flags: number } {
    const value = Buffer.from(item.value!);
    value.set(mark, MARK_AT);
    return { value, flags };
}

function freshUntilMs(item: Item): number {
    return item.value!.readDoubleBE(0);
}

function unwrap({ value, flagBits }: Item): Item {
    return new Item(value!.subarray(HEADER_BYTES), flagBits & ~(Flag.DATED | Flag.LOADING), 0, 0);
}
