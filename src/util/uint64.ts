export function join64(high: number, low: number): bigint {
    return (BigInt(high) << 32n) | BigInt(low);
}

/** Returns the upper word. Most requests carry 0, which needs no bigint arithmetic. */
export function high32(value: bigint): number {
    return value === 0n ? 0 : Number(value >> 32n);
}

export function low32(value: bigint): number {
    return value === 0n ? 0 : Number(value & 0xffffffffn);
}

/** Writes a word, big-endian. */
export function put32(b: Buffer, at: number, word: number): void {
    b[at] = word >>> 24;
    b[at + 1] = word >>> 16;
    b[at + 2] = word >>> 8;
    b[at + 3] = word;
}

/** Reads a word, big-endian. */
export function get32(b: Buffer, at: number): number {
    return ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0;
}
