import { notSerializable } from '../client/errors';
import type { Item } from '../client/Item';

/** Flags that no other client uses: "PS", then one bit for bytes and one for what is compressed. */
const OURS = 0x5053_0000;
const BYTES = 1;
const DEFLATED = 2;

/** What goes over the wire. */
export interface Encoded {
    readonly value: string | Uint8Array;
    readonly flags: number;
}

/**
 * Values travel as JSON text with flags 0, so that services in other languages read them; bytes as they are.
 * @throws BadRequestException NOT_SERIALIZABLE for what JSON cannot carry: a bigint, a cycle, a function, NaN
 */
export function encode(value: unknown): Encoded {
    if (value instanceof Uint8Array) return { value, flags: OURS | BYTES };
    let text: string | undefined;
    try {
        text = JSON.stringify(value);
    } catch (error) {
        // A toJSON may throw anything.
        const { message = 'its toJSON throws' } = (error ?? {}) as { message?: unknown };
        throw notSerializable(String(message).split('\n')[0]!);
    }
    if (text === undefined) throw notSerializable(`JSON has no ${typeof value}`);
    // NaN, Infinity and invalid dates become null: whoever asks for them later would be told that there is nothing.
    if (text === 'null') throw notSerializable('in JSON it is null');
    return { value: text, flags: 0 };
}

/** @throws SyntaxError when it is not what `encode` makes */
export function decode(held: string | Item): unknown {
    if (typeof held === 'string') return JSON.parse(held);
    return held.flagBits === (OURS | BYTES) ? held.value : JSON.parse(String(held.value));
}

/** The same value, deflated. */
export function asDeflated({ flags }: Encoded, value: Uint8Array): Encoded {
    return { value, flags: flags | OURS | DEFLATED };
}

/** Whether it was deflated, by `asDeflated`. */
export function isDeflated(held: string | Item): held is Item {
    return typeof held !== 'string' && (held.flagBits & ~BYTES) === (OURS | DEFLATED);
}

/** @throws SyntaxError as `decode` */
export function decodeInflated({ flagBits }: Item, value: Buffer): unknown {
    return flagBits & BYTES ? value : JSON.parse(String(value));
}
