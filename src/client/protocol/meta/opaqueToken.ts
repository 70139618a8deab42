/**
 * An opaque on the wire is two characters from `0` to `o`, for its lower 12 bits. Replies come in
 * the order of the requests, so this much reveals a lost reply and one too many.
 */

export const OPAQUE_BYTES = 2;

export function firstCharacter(opaque: number): number {
    return 0x30 + ((opaque >>> 6) & 0x3f);
}

export function secondCharacter(opaque: number): number {
    return 0x30 + (opaque & 0x3f);
}
