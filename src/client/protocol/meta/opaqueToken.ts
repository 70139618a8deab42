/**
 * Returns the opaque as on the wire: two characters from `0` to `o` in one number, for its lower 12
 * bits. Replies come in the order of the requests, so this much reveals a lost reply and one too
 * many.
 */
export function tokenOf(opaque: number): number {
    return 0x3030 + ((opaque << 2) & 0x3f00) + (opaque & 0x3f);
}
