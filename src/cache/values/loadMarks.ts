import type { Item } from '../../client/model/Item';
import { isWrapped, markOf, withMark } from './staleEnvelope';
import { Flag, hasFlag, OURS, STORED_NULL } from './valueCodec';

/**
 * Eight bytes that tell which process loads a key, and when. They are a date (five bytes, in 1/100
 * s since 1970) and a number (three bytes).
 *
 * - Of a lease: the time of its start or of its last renewal, and its token.
 * - Of a stale value without a lease: the end of its pause, and how many loads have failed.
 *
 * A mark lies in the header of a stale value, or in the white space behind a JSON `null`.
 */
interface Mark {
    readonly dateMs: number;
    readonly number: number;
}

const MARK_BYTES = 8;
const DATE_BYTES = 5;
const NUMBER_BYTES = MARK_BYTES - DATE_BYTES;
const GRAIN_MS = 10;
export const MAX_NUMBER = 2 ** (8 * NUMBER_BYTES) - 1;

/**
 * The largest expected difference between the clocks of two machines. If they differ by more, two
 * processes may load at once. The CAS lets one of them store.
 */
const CLOCKS_DIFFER_MS = 5000;

/** A JSON null, which readers in every language take for an absent value. */
const NULL = STORED_NULL.value;
const SPACES = ' \t\n\r';
/** The size of a JSON null with a mark. A null of another size has no mark. */
const PLAIN_BYTES = NULL.length + MARK_BYTES * 4;

/** Returns the lease that replaces the item during a load. A stale value stays in it. */
export function withLeaseMark(item: Item, token: number): { value: Buffer; flags: number } {
    const mark = toBytes({ dateMs: Date.now(), number: token });
    if (isWrapped(item)) return withMark(item, mark, item.flagBits | Flag.LOADING);
    return { value: Buffer.from(NULL + toSpaces(mark)), flags: OURS | Flag.LOADING };
}

export function leaseToken(item: Item): number | null {
    return leaseOf(item)?.number ?? null;
}

/**
 * Returns whether the item shows a lease whose holder is alive by its date. The expiry cannot tell,
 * because `touch` may extend it. No live holder writes dates far in the future or the past.
 */
export function isLeased(item: Item, leaseMs: number): boolean {
    const lease = leaseOf(item);
    return lease !== null && Math.abs(Date.now() - lease.dateMs) < leaseMs + CLOCKS_DIFFER_MS;
}

/** Returns the stale value with a pause. No load begins in the background before `untilMs`. */
export function withPauseMark(item: Item, failures: number, untilMs: number): { value: Buffer; flags: number } {
    const mark = toBytes({ dateMs: untilMs, number: failures });
    return withMark(item, mark, item.flagBits & ~Flag.LOADING);
}

/** Returns how many loads of the stale value have failed in a row. */
export function failuresOf(item: Item): number {
    return pauseOf(item)?.number ?? 0;
}

/** Returns whether it is too early to load the stale value again. */
export function isPaused(item: Item, maxPauseMs: number): boolean {
    const pause = pauseOf(item);
    if (pause === null) return false;
    const leftMs = pause.dateMs - Date.now();
    return leftMs > 0 && leftMs < maxPauseMs + CLOCKS_DIFFER_MS;
}

function leaseOf(item: Item): Mark | null {
    if (!hasFlag(item, Flag.LOADING)) return null;
    if (isWrapped(item)) return fromBytes(markOf(item));
    const { value } = item;
    return value?.length === PLAIN_BYTES ? fromBytes(fromSpaces(value.subarray(NULL.length))) : null;
}

function pauseOf(item: Item): Mark | null {
    return isWrapped(item) && !hasFlag(item, Flag.LOADING) ? fromBytes(markOf(item)) : null;
}

function toBytes({ dateMs, number }: Mark): Buffer {
    const bytes = Buffer.alloc(MARK_BYTES);
    bytes.writeUIntBE(Math.ceil(dateMs / GRAIN_MS), 0, DATE_BYTES);
    bytes.writeUIntBE(Math.min(number, MAX_NUMBER), DATE_BYTES, NUMBER_BYTES);
    return bytes;
}

function fromBytes(bytes: Buffer): Mark {
    return {
        dateMs: bytes.readUIntBE(0, DATE_BYTES) * GRAIN_MS,
        number: bytes.readUIntBE(DATE_BYTES, NUMBER_BYTES),
    };
}

/** Returns the bytes as white space. Each character holds two bits. */
function toSpaces(bytes: Uint8Array): string {
    let text = '';
    for (const byte of bytes) for (let shift = 0; shift < 8; shift += 2) text += SPACES[(byte >> shift) & 3]!;
    return text;
}

function fromSpaces(text: Buffer): Buffer {
    const bytes = Buffer.alloc(MARK_BYTES);
    text.forEach((character, i) => {
        const bits = SPACES.indexOf(String.fromCharCode(character));
        bytes[i >> 2]! |= (bits & 3) << ((i & 3) * 2);
    });
    return bytes;
}
