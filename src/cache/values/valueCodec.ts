import { isUint8Array } from 'node:util/types';
import { notSerializable } from '../../client/model/errors';
import type { Fetched } from '../../client/calls/getCalls';
import type { Item } from '../../client/model/Item';
import { jsonLoss } from './jsonLoss';

/** The flags that no other client uses: "PS", followed by the bits of `Flag`. */
export const OURS = 0x5053_0000;

export const Flag = {
    BYTES: 1,
    DEFLATED: 2,
    /** A value that begins with dates (see `staleEnvelope`). */
    DATED: 4,
    /** A value that a process loads (see `withLeaseMark`). */
    LOADING: 8,
} as const;

const OUR_BITS = Flag.BYTES | Flag.DEFLATED | Flag.DATED | Flag.LOADING;

/** A value and its flags as memcached stores them. */
export interface Encoded {
    readonly value: string | Uint8Array;
    readonly flags: number;
}

const NULL = 'null';
const NULL_BYTES = Buffer.from(NULL);

/** The item that `nullTimeout` stores. */
export const STORED_NULL = { value: NULL, flags: 0 };

export function isStoredNull(held: Fetched): boolean {
    if (typeof held !== 'object') return held === NULL;
    return held !== null && held.flagBits === STORED_NULL.flags && held.value?.equals(NULL_BYTES) === true;
}

/** Returns whether this package has stored the item with this bit. */
export function hasFlag({ flagBits }: Item, bit: number): boolean {
    return (flagBits & bit) !== 0 && (flagBits & ~OUR_BITS) === OURS;
}

/**
 * Returns JSON text with flags 0, which services in other languages read, or bytes as they are.
 * JSON cannot carry a bigint, a cycle, a function or NaN. It would empty a promise or a Map.
 * @throws BadRequestException NOT_SERIALIZABLE
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
    // NaN, Infinity and invalid dates become null. Reading them would return a miss.
    if (text === NULL) throw notSerializable('in JSON it is null');
    return { value: text, flags: 0 };
}

/**
 * The flags under which any client stores JSON. docs/cache.md lists the clients. A value with other
 * flags may be anything, for example a binary number whose bytes look like digits.
 */
const JSON_FLAGS: ReadonlySet<number> = new Set([0, 1, 2, 6, 8, 0x112, OURS]);

/** Decodes the value. Throws a SyntaxError if it is neither JSON nor bytes of `encode`. */
export function decode(held: string | Item): unknown {
    if (typeof held === 'string') return JSON.parse(held);
    if (held.flagBits === (OURS | Flag.BYTES)) return held.value;
    if (!JSON_FLAGS.has(held.flagBits)) throw new SyntaxError('unknown flags');
    return JSON.parse(String(held.value));
}

/** Returns the deflated value, which its flags mark. */
export function asDeflated({ flags }: Encoded, value: Uint8Array): Encoded {
    return { value, flags: flags | OURS | Flag.DEFLATED };
}

export function isDeflated(held: string | Item): held is Item {
    return typeof held !== 'string' && (held.flagBits & ~Flag.BYTES) === (OURS | Flag.DEFLATED);
}

/** Decodes inflated bytes. Throws a SyntaxError like `decode`. */
export function decodeInflated({ flagBits }: Item, value: Buffer): unknown {
    return flagBits & Flag.BYTES ? value : JSON.parse(String(value));
}
