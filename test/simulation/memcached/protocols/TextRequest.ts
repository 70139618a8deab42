/** Longest line that memcached reads. */
const MAX_LINE_BYTES = 2048;
const LF = 0x0a;
const MAX_KEY_BYTES = 250;

/** Commands with a data block, and the position of its length. */
const LENGTH_AT: Readonly<Record<string, number>> = {
    ms: 2,
    set: 4,
    add: 4,
    replace: 4,
    append: 4,
    prepend: 4,
    cas: 4,
};

export interface TextRequest {
    readonly command: string;
    readonly key: string;
    /** Tokens behind the key, and behind the length of a meta command. */
    readonly tokens: readonly string[];
    readonly data: Buffer;
}

/**
 * Returns the length of the request at this offset, or 0 until all of it has arrived.
 * @param hasData whether a data block may follow
 */
export function requestBytes(b: Buffer, at: number, hasData: boolean): number {
    const end = b.indexOf(LF, at) + 1;
    if (end === 0) {
        if (b.length - at > MAX_LINE_BYTES) throw new Error('a line exceeds 2048 bytes');
        return 0;
    }
    if (!hasData) return end - at;
    const words = toWords(b, at, end);
    const lengthAt = LENGTH_AT[words[0]!];
    if (lengthAt === undefined) return end - at;
    const bytes = end - at + toCount(words[lengthAt], words[0]!) + 2;
    return b.length - at < bytes ? 0 : bytes;
}

/**
 * Parses a complete request.
 * @throws Error for a request that memcached would reject
 */
export function parseRequest(b: Buffer): TextRequest {
    const end = b.indexOf(LF) + 1;
    const [command = '', key = '', ...rest] = toWords(b, 0, end);
    if (Buffer.byteLength(key, 'latin1') > MAX_KEY_BYTES) throw new Error(`invalid key of ${key.length} bytes`);
    const isMeta = command === 'ms';
    const data = b.subarray(end, Math.max(end, b.length - 2));
    if (b.length > end && b.toString('latin1', b.length - 2) !== '\r\n')
        throw new Error(`the data of ${command} has another length than announced`);
    return { command, key, tokens: isMeta ? rest.slice(1) : rest, data };
}

/**
 * Returns the flags of a meta command by their letters, in order.
 * @throws Error for a flag that this command does not have, or has twice
 */
export function parseFlags({ command, tokens }: TextRequest, known: string): ReadonlyMap<string, string> {
    const flags = new Map<string, string>();
    for (const token of tokens) {
        const letter = token[0]!;
        if (!known.includes(letter)) throw new Error(`invalid flag ${letter} of ${command}`);
        if (flags.has(letter)) throw new Error(`duplicate flag ${letter} of ${command}`);
        flags.set(letter, token.slice(1));
    }
    const opaque = flags.get('O');
    if (opaque !== undefined && (opaque === '' || opaque.length > 31)) throw new Error(`invalid opaque of ${command}`);
    return flags;
}

/** @throws Error for a token that is no integer of 32 bits */
export function toSeconds(token: string | undefined, command: string): number {
    const seconds = /^-?\d+$/.test(token ?? '') ? Number(token) : NaN;
    if (seconds >= -(2 ** 31) && seconds < 2 ** 31) return seconds;
    throw new Error(`invalid expiry ${token} of ${command}`);
}

/** @throws Error for a token that is no integer from 0 to 2^32 - 1 */
export function toCount(token: string | undefined, command: string): number {
    if (/^\d{1,10}$/.test(token ?? '') && Number(token) < 2 ** 32) return Number(token);
    throw new Error(`invalid number ${token} of ${command}`);
}

/** @throws Error for a token that is no integer from 0 to 2^64 - 1 */
export function toUint64(token: string | undefined, command: string): bigint {
    const number = /^\d{1,20}$/.test(token ?? '') ? BigInt(token!) : -1n;
    if (number >= 0n && number < 2n ** 64n) return number;
    throw new Error(`invalid number ${token} of ${command}`);
}

function toWords(b: Buffer, start: number, end: number): string[] {
    const line = b.toString('latin1', start, end);
    return line
        .replace(/\r?\n$/, '')
        .split(' ')
        .filter(Boolean);
}
