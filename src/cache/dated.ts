import { Item } from '../client/Item';
import type { Held } from '../client/readCalls';
import { Flag, hasFlag, OURS, type Encoded } from './values';

/**
 * Values that are kept for longer than they are fresh. They begin with two dates, ms since 1970 as doubles: until when they are fresh, and until when they are
 * kept; then eight bytes for the token of who loads the next one. The dates are those of the machine that stored it: by as much as the clocks of two machines
 * differ, so much earlier or later a value is stale to the other.
 */
const HEADER_BYTES = 24;
const KEPT_AT = 8;
const TOKEN_AT = 16;

export function date({ value, flags }: Encoded, freshUntilMs: number, keptUntilMs: number): Encoded {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeDoubleBE(freshUntilMs);
    header.writeDoubleBE(keptUntilMs, KEPT_AT);
    const bytes = typeof value === 'string' ? Buffer.from(value) : value;
    return { value: Buffer.concat([header, bytes]), flags: OURS | flags | Flag.DATED };
}

/** What holds now: what is past its freshness, and what only says that somebody loads, is as good as nothing. */
export function current(held: Held): Held {
    if (held === null || typeof held === 'string') return held;
    if (isDated(held)) return Date.now() < freshUntilMs(held) ? undated(held) : null;
    return isLoading(held) ? null : held;
}

/** What it was before; null when that is more than so many ms ago. */
export function staleSince(item: Item, staleForMs: number): Item | null {
    return isDated(item) && Date.now() < freshUntilMs(item) + staleForMs ? undated(item) : null;
}

/** ms for which it is to be kept; 0 for what has no dates. */
export function keptForMs(item: Item): number {
    return isDated(item) ? Math.max(0, item.value!.readDoubleBE(KEPT_AT) - Date.now()) : 0;
}

/** Somebody loads the value. */
export function isLoading(item: Item): boolean {
    return hasFlag(item, Flag.LOADING);
}

/**
 * What says so in the place of the item. What was dated stays what it is, for those who take it stale. Else it is a `null` of JSON with the token in the white space
 * behind it: a service in another language reads it as nothing.
 */
export function asLoading(item: Item, token: Uint8Array): { value: Buffer; flags: number } {
    if (!isDated(item)) return { value: Buffer.from(`null${toWhiteSpace(token)}`), flags: OURS | Flag.LOADING };
    const value = Buffer.from(item.value!);
    value.set(token, TOKEN_AT);
    return { value, flags: item.flagBits | Flag.LOADING };
}

function isDated(item: Item): boolean {
    return hasFlag(item, Flag.DATED) && item.value !== null && item.value.length >= HEADER_BYTES;
}

function freshUntilMs(item: Item): number {
    return item.value!.readDoubleBE(0);
}

function undated({ value, flagBits }: Item): Item {
    return new Item(value!.subarray(HEADER_BYTES), flagBits & ~(Flag.DATED | Flag.LOADING), 0, 0);
}

function toWhiteSpace(token: Uint8Array): string {
    let text = '';
    for (const byte of token) for (let shift = 0; shift < 8; shift += 2) text += ' \t\n\r'[(byte >> shift) & 3]!;
    return text;
}
