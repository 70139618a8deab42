import { notSerializable } from '../client/errors';
import type { Item } from '../client/Item';

/**
 * Values travel as JSON text with flags 0, so that services in other languages read them. Bytes travel as they are, under a flag that
 * no other client uses ("PS", then the kind).
 */
export const BYTES_FLAG = 0x5053_0001;

/**
 * Text is to be stored with flags 0, bytes with `BYTES_FLAG`.
 * @throws BadRequestException NOT_SERIALIZABLE for what JSON cannot carry: a bigint, a cycle, a function, NaN
 */
export function encode(value: unknown): string | Uint8Array {
    if (value instanceof Uint8Array) return value;
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
    return text;
}

/** @throws SyntaxError when it is not what `encode` makes */
export function decode(held: string | Item): unknown {
    if (typeof held === 'string') return JSON.parse(held);
    return held.flagBits === BYTES_FLAG ? held.value : JSON.parse(String(held.value));
}
