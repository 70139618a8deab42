import { isUint8Array } from 'node:util/types';
import { notSerializable } from '../../client/model/errors';
import type { Item } from '../../client/model/Item';
import { jsonLoss } from './jsonLoss';

/** Flags that no other client uses: "PS", and then our bits. */
export const OURS = 0x5053_0000;

export const Flag = {
    BYTES: 1,
    DEFLATED: 2,
    /** It begins with dates: see `date`. */
    DATED: 4,
    /** A process loads the value: see `asLeased`. */
    LOADING: 8,
} as const;

const OUR_BITS = Flag.BYTES | Flag.DEFLATED | Flag.DATED | Flag.LOADING;

/** What goes over the wire. */
export interface Encoded {
    readonly value: string | Uint8Array;
    readonly flags: number;
}

const NULL = 'null';
const NULL_BYTES = Buffer.from(NULL);

/** What `nullTimeout` keeps. */
export const STORED_NULL: Encoded = { value: NULL, flags: 0 };

/** Whether it is what `nullTimeout` keeps. */
export function isStoredNull({ value, flagBits }: Item): boolean {
    return flagBits === STORED_NULL.flags && value?.equals(NULL_BYTES) === true;
}

/** Whether it is ours, and has this bit. */
export function hasFlag({ flagBits }: Item, bit: number): boolean {
    return (flagBits & bit) !== 0 && (flagBits & ~OUR_BITS) === OURS;
}

/**
 * Values travel as JSON text with flags 0, so that services in other languages read them; bytes as they are.
 * @throws BadRequestException NOT_SERIALIZABLE if JSON cannot carry it (a bigint, a cycle, a function,
 * NaN) or would silently empty it (a promise, a Map)
 */
export function encode(value: unknown): Encoded {
    if (ArrayBuffer.isView(value) && isUint8Array(value)) return { value, flags: OURS | Flag.BYTES };
    let loss: string | null;
    let text: string | undefined;
    try {
        loss = jsonLoss(value);
        if (loss === null) text = JSON.stringify(value);
    } catch (error) {
        // A toJSON or a proxy may throw anything.
        const { message = 'its toJSON throws' } = (error ?? {}) as { message?: unknown };
        throw notSerializable(String(message).split('\n')[0]!);
    }
    if (loss !== null) throw notSerializable(loss);
    if (text === undefined) throw notSerializable(`JSON has no ${typeof value}`);
    // NaN, Infinity and invalid dates become null: whoever asks for them later would be told that there is nothing.
    if (text === 'null') throw notSerializable('in JSON it is null');
    return { value: text, flags: 0 };
}

/**
 * Flags under which a value is JSON, whoever wrote it: docs/cache.md tells whose they are. Others may
 * mean anything: four bytes of a number, of which two look like digits.
 */
const JSON_FLAGS: ReadonlySet<number> = new Set([0, 1, 2, 6, 8, 0x112, OURS]);

/** @throws SyntaxError when it is neither JSON nor bytes of ours */
export function decode(held: string | Item): unknown {
    if (typeof held === 'string') return JSON.parse(held);
    if (held.flagBits === (OURS | Flag.BYTES)) return held.value;
    if (!JSON_FLAGS.has(held.flagBits)) throw new SyntaxError('unknown flags');
    return JSON.parse(String(held.value));
}

/** The same value, deflated. */
export function asDeflated({ flags }: Encoded, value: Uint8Array): Encoded {
    return { value, flags: flags | OURS | Flag.DEFLATED };
}

/** Whether it was deflated, by `asDeflated`. */
export function isDeflated(held: string | Item): held is Item {
    return typeof held !== 'string' && (held.flagBits & ~Flag.BYTES) === (OURS | Flag.DEFLATED);
}

/** @throws SyntaxError as `decode` */
export function decodeInflated({ flagBits }: Item, value: Buffer): unknown {
    return flagBits & Flag.BYTES ? value : JSON.parse(String(value));
}
