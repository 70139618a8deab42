import { createHash } from 'node:crypto';

/** The length of memcached's longest key. Longer texts take the slow path. */
const MAX_CHARS = 250;
const WORDS_PER_BLOCK = 16;
const words = new Int32Array(5 * WORDS_PER_BLOCK);
const sum = new Int32Array(4);
const SINES = Int32Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32));

/** Returns the first word of a text's MD5. */
export function md5First32(text: string): number {
    return md5(text)[0]! >>> 0;
}

/**
 * Returns the four words of a text's MD5, signed. The next call reuses the array. For a key, Node's
 * own hash is slower. It allocates two objects and calls native code three times.
 */
export function md5(text: string): Int32Array {
    const { length } = text;
    if (length > MAX_CHARS) return slowMd5(text);
    const end = ((length + 8) >>> 6) * WORDS_PER_BLOCK + WORDS_PER_BLOCK;
    words.fill(0, 0, end);
    for (let i = 0; i < length; i++) {
        const char = text.charCodeAt(i);
        if (char > 127) return slowMd5(text);
        words[i >>> 2]! |= char << ((i & 3) << 3);
    }
    words[length >>> 2]! |= 0x80 << ((length & 3) << 3);
    words[end - 2] = length << 3;
    sum[0] = 0x67452301;
    sum[1] = 0xefcdab89;
    sum[2] = 0x98badcfe;
    sum[3] = 0x10325476;
    for (let at = 0; at < end; at += WORDS_PER_BLOCK) addBlock(at);
    return sum;
}

function slowMd5(text: string): Int32Array {
    const digest = createHash('md5').update(text).digest();
    for (let i = 0; i < sum.length; i++) sum[i] = digest.readInt32LE(i * 4);
    return sum;
}

/** Adds a block as in RFC 1321, four steps at a time. */
function addBlock(at: number): void {
    let a = sum[0]!;
    let b = sum[1]!;
    let c = sum[2]!;
    let d = sum[3]!;
    for (let i = 0; i < 16; i += 4) {
        a = step(a, b, (b & c) | (~b & d), words[at + i]! + SINES[i]!, 7);
        d = step(d, a, (a & b) | (~a & c), words[at + i + 1]! + SINES[i + 1]!, 12);
        c = step(c, d, (d & a) | (~d & b), words[at + i + 2]! + SINES[i + 2]!, 17);
        b = step(b, c, (c & d) | (~c & a), words[at + i + 3]! + SINES[i + 3]!, 22);
    }
    for (let i = 16; i < 32; i += 4) {
        a = step(a, b, (b & d) | (c & ~d), words[at + ((5 * i + 1) & 15)]! + SINES[i]!, 5);
        d = step(d, a, (a & c) | (b & ~c), words[at + ((5 * i + 6) & 15)]! + SINES[i + 1]!, 9);
        c = step(c, d, (d & b) | (a & ~b), words[at + ((5 * i + 11) & 15)]! + SINES[i + 2]!, 14);
        b = step(b, c, (c & a) | (d & ~a), words[at + ((5 * i) & 15)]! + SINES[i + 3]!, 20);
    }
    for (let i = 32; i < 48; i += 4) {
        a = step(a, b, b ^ c ^ d, words[at + ((3 * i + 5) & 15)]! + SINES[i]!, 4);
        d = step(d, a, a ^ b ^ c, words[at + ((3 * i + 8) & 15)]! + SINES[i + 1]!, 11);
        c = step(c, d, d ^ a ^ b, words[at + ((3 * i + 11) & 15)]! + SINES[i + 2]!, 16);
        b = step(b, c, c ^ d ^ a, words[at + ((3 * i + 14) & 15)]! + SINES[i + 3]!, 23);
    }
    for (let i = 48; i < 64; i += 4) {
        a = step(a, b, c ^ (b | ~d), words[at + ((7 * i) & 15)]! + SINES[i]!, 6);
        d = step(d, a, b ^ (a | ~c), words[at + ((7 * i + 7) & 15)]! + SINES[i + 1]!, 10);
        c = step(c, d, a ^ (d | ~b), words[at + ((7 * i + 14) & 15)]! + SINES[i + 2]!, 15);
        b = step(b, c, d ^ (c | ~a), words[at + ((7 * i + 5) & 15)]! + SINES[i + 3]!, 21);
    }
    sum[0]! += a;
    sum[1]! += b;
    sum[2]! += c;
    sum[3]! += d;
}

function step(a: number, b: number, mixed: number, added: number, turn: number): number {
    const turned = (a + mixed + added) | 0;
    return (((turned << turn) | (turned >>> (32 - turn))) + b) | 0;
}
