/** memcached's binary protocol: requests to bytes, bytes to replies. Pure: no socket, no clock. */

export const Opcode = {
    GET: 0x00,
    SET: 0x01,
    ADD: 0x02,
    REPLACE: 0x03,
    DELETE: 0x04,
    INCREMENT: 0x05,
    DECREMENT: 0x06,
    GETQ: 0x09,
    NOOP: 0x0a,
    VERSION: 0x0b,
    APPEND: 0x0e,
    PREPEND: 0x0f,
    STAT: 0x10,
    SETQ: 0x11,
    DELETEQ: 0x14,
    TOUCH: 0x1c,
    GAT: 0x1d,
    SASL_AUTH: 0x21,
} as const;

export const Status = {
    OK: 0x00,
    NOT_FOUND: 0x01,
    EXISTS: 0x02,
    TOO_LARGE: 0x03,
    INVALID: 0x04,
    NOT_STORED: 0x05,
    NOT_A_NUMBER: 0x06,
    AUTH_ERROR: 0x20,
    AUTH_CONTINUE: 0x21,
    UNKNOWN_COMMAND: 0x81,
    OUT_OF_MEMORY: 0x82,
    NOT_SUPPORTED: 0x83,
    INTERNAL: 0x84,
    BUSY: 0x85,
    TEMPORARY: 0x86,
} as const;

export const HEADER_BYTES = 24;
const REQUEST_MAGIC = 0x80;
const REPLY_MAGIC = 0x81;

/** memcached's own limits: an item is at most 1 GiB (`-I`), a key 250 bytes; what claims more is no frame. */
const MAX_BODY_BYTES = 1024 * 1024 * 1024 + 4096;

/** The most that is set aside on the word of a header alone; more is added as bytes really come. */
const TRUSTED_BYTES = 1024 * 1024 + 4096;

const CHUNK_BYTES = 64 * 1024;

/** From here on a value is handed to the socket as it is instead of being copied into the write. */
const BY_REFERENCE_BYTES = 4 * 1024;

/** Up to this length a loop over the characters beats the call into native code. */
const SHORT_TEXT = 48;

/**
 * Collects request frames for one write. A frame is written in the order of the wire: `begin`, then `uint32` for each
 * word of the extras, then `key`, `value`, `end`.
 */
export class FrameWriter {
    private buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    private taken = 0;
    private position = 0;
    private frame = 0;
    private keyBytes = 0;
    private extrasBytes = 0;
    private referenced: Uint8Array | null = null;
    private parts: Uint8Array[] = [];

    /** Bytes of the frame ended last, and of all frames not taken yet. */
    frameBytes = 0;
    pendingBytes = 0;

    /** @param room an upper bound of what the frame holds beside its header and its key */
    begin(opcode: number, opaque: number, casHigh: number, casLow: number, key: string, room: number): void {
        this.frame = this.position;
        this.ensure(HEADER_BYTES + key.length * 3 + room);
        const at = this.frame;
        const b = this.buffer;
        b[at] = REQUEST_MAGIC;
        b[at + 1] = opcode;
        b[at + 5] = 0;
        b[at + 6] = 0;
        b[at + 7] = 0;
        put32(b, at + 12, opaque);
        put32(b, at + 16, casHigh);
        put32(b, at + 20, casLow);
        this.position = at + HEADER_BYTES;
        this.keyBytes = 0;
        this.extrasBytes = 0;
        this.referenced = null;
    }

    uint32(word: number): void {
        put32(this.buffer, this.position, word);
        this.position += 4;
        this.extrasBytes += 4;
    }

    key(key: string): void {
        this.keyBytes = this.text(key);
    }

    value(value: string | Uint8Array): void {
        const bytes = typeof value === 'string' && value.length >= BY_REFERENCE_BYTES ? Buffer.from(value) : value;
        if (typeof bytes === 'string') {
            this.ensure(bytes.length * 3);
            this.text(bytes);
        } else if (bytes.length < BY_REFERENCE_BYTES) {
            this.ensure(bytes.length);
            this.buffer.set(bytes, this.position);
            this.position += bytes.length;
        } else {
            this.referenced = bytes;
        }
    }

    end(): void {
        const b = this.buffer;
        const at = this.frame;
        const referenced = this.referenced;
        const body = this.position - at - HEADER_BYTES + (referenced === null ? 0 : referenced.length);
        b[at + 2] = this.keyBytes >>> 8;
        b[at + 3] = this.keyBytes;
        b[at + 4] = this.extrasBytes;
        put32(b, at + 8, body);
        this.frameBytes = HEADER_BYTES + body;
        this.pendingBytes += this.frameBytes;
        if (referenced !== null) {
            this.cut();
            this.parts.push(referenced);
        }
    }

    /** A frame made elsewhere, with its opaque replaced. */
    raw(frame: Uint8Array, opaque: number): void {
        this.frame = this.position;
        this.ensure(frame.length);
        this.buffer.set(frame, this.position);
        put32(this.buffer, this.position + 12, opaque);
        this.position += frame.length;
        this.frameBytes = frame.length;
        this.pendingBytes += frame.length;
    }

    /** What is to be written now, in order. The bytes stay untouched until `recycle` says that they are gone. */
    take(): Uint8Array[] {
        this.cut();
        const parts = this.parts;
        this.parts = [];
        this.pendingBytes = 0;
        return parts;
    }

    /** All that was taken has left: its room may be used again. */
    recycle(): void {
        if (this.position === this.taken) this.position = this.taken = 0;
    }

    private cut(): void {
        if (this.position === this.taken) return;
        this.parts.push(this.buffer.subarray(this.taken, this.position));
        this.taken = this.position;
    }

    private text(text: string): number {
        const b = this.buffer;
        const start = this.position;
        const length = text.length;
        if (length <= SHORT_TEXT) {
            let i = 0;
            for (; i < length; i++) {
                const c = text.charCodeAt(i);
                if (c > 0x7f) break;
                b[start + i] = c;
            }
            if (i === length) {
                this.position = start + length;
                return length;
            }
        }
        const written = b.write(text, start);
        this.position = start + written;
        return written;
    }

    /** Makes room for `bytes` more of the frame in hand, carrying what it has so far into a new chunk when need be. */
    private ensure(bytes: number): void {
        if (this.position + bytes <= this.buffer.length) return;
        const carried = this.buffer.subarray(this.frame, this.position);
        this.position = this.frame;
        this.cut();
        const next = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, carried.length + bytes));
        next.set(carried, 0);
        this.buffer = next;
        this.taken = 0;
        this.frame = 0;
        this.position = carried.length;
    }
}

/** One reply. The decoder has a single one and fills it anew for each: keep nothing of it but what you copy. */
export class Reply {
    opcode = 0;
    status = 0;
    opaque = 0;
    casHigh = 0;
    casLow = 0;
    extrasBytes = 0;
    keyBytes = 0;
    bodyBytes = 0;
    /** The body is `buffer` from `bodyAt` on. `owned`: nobody else will write to that buffer, so parts of it may be kept. */
    buffer: Buffer = Buffer.alloc(0);
    bodyAt = 0;
    owned = false;

    get cas(): bigint {
        return join64(this.casHigh, this.casLow);
    }

    /** The flags of a GET; 0 where a reply has none. */
    get flags(): number {
        return this.extrasBytes >= 4 ? get32(this.buffer, this.bodyAt) : 0;
    }

    get valueBytes(): number {
        return this.bodyBytes - this.extrasBytes - this.keyBytes;
    }

    value(): Buffer {
        const end = this.bodyAt + this.bodyBytes;
        const start = this.bodyAt + this.extrasBytes + this.keyBytes;
        if (this.owned) return this.buffer.subarray(start, end);
        const copy = Buffer.allocUnsafe(end - start);
        this.buffer.copy(copy, 0, start, end);
        return copy;
    }

    text(): string {
        return this.buffer.toString(
            'utf8',
            this.bodyAt + this.extrasBytes + this.keyBytes,
            this.bodyAt + this.bodyBytes,
        );
    }

    key(): string {
        const start = this.bodyAt + this.extrasBytes;
        return this.buffer.toString('utf8', start, start + this.keyBytes);
    }

    uint64(): bigint {
        const start = this.bodyAt + this.extrasBytes + this.keyBytes;
        return this.valueBytes === 8 ? this.buffer.readBigUInt64BE(start) : 0n;
    }

    /** Fills the header's fields from 24 bytes; an answer other than null says why these are no header. */
    readHeader(b: Buffer, at: number): string | null {
        if (b[at] !== REPLY_MAGIC) return describeMagic(b, at);
        this.opcode = b[at + 1]!;
        this.keyBytes = (b[at + 2]! << 8) | b[at + 3]!;
        this.extrasBytes = b[at + 4]!;
        this.status = (b[at + 6]! << 8) | b[at + 7]!;
        this.bodyBytes = get32(b, at + 8);
        this.opaque = get32(b, at + 12);
        this.casHigh = get32(b, at + 16);
        this.casLow = get32(b, at + 20);
        if (this.bodyBytes > MAX_BODY_BYTES) return `a reply claims a body of ${this.bodyBytes} bytes`;
        if (this.extrasBytes + this.keyBytes > this.bodyBytes) {
            return `a reply of ${this.bodyBytes} bytes claims ${this.extrasBytes} of extras and ${this.keyBytes} of key`;
        }
        return null;
    }
}

/** Takes the stream in whatever pieces it comes, gives one reply at a time. */
export class FrameDecoder {
    private readonly reply = new Reply();
    /** A frame that did not end with its chunk: its first `have` bytes. Empty while there is none. */
    private partial: Buffer = EMPTY;
    private have = 0;
    /** The whole frame's length; 24 until its header is complete. */
    private want = HEADER_BYTES;

    /** @param onReply false stops: what is left of the chunk is not looked at */
    constructor(private readonly onReply: (reply: Reply) => boolean) {}

    /** Bytes still to come of the frame in hand, as far as its header has said. */
    get missing(): number {
        return this.have === 0 ? 0 : this.want - this.have;
    }

    /** null, or why this is not memcached's binary protocol; after that the stream cannot be read any further. */
    push(chunk: Buffer, length: number): string | null {
        let at = 0;
        while (this.have > 0) {
            at += this.collect(chunk, at, length);
            if (this.have < this.want) return null;
            if (this.want === HEADER_BYTES) {
                const wrong = this.reply.readHeader(this.partial, 0);
                if (wrong !== null) return wrong;
                this.want = HEADER_BYTES + this.reply.bodyBytes;
                if (this.want > HEADER_BYTES) continue;
            }
            const frame = this.partial;
            this.reset();
            if (!this.emit(frame, HEADER_BYTES, true)) return null;
        }
        while (length - at >= HEADER_BYTES) {
            const wrong = this.reply.readHeader(chunk, at);
            if (wrong !== null) return wrong;
            const end = at + HEADER_BYTES + this.reply.bodyBytes;
            if (end > length) {
                this.want = HEADER_BYTES + this.reply.bodyBytes;
                break;
            }
            const body = at + HEADER_BYTES;
            at = end;
            if (!this.emit(chunk, body, false)) return null;
        }
        if (at === length) return null;
        if (chunk[at] !== REPLY_MAGIC) return describeMagic(chunk, at);
        this.collect(chunk, at, length);
        return null;
    }

    private emit(buffer: Buffer, bodyAt: number, owned: boolean): boolean {
        this.reply.buffer = buffer;
        this.reply.bodyAt = bodyAt;
        this.reply.owned = owned;
        return this.onReply(this.reply);
    }

    /** Moves what belongs to the frame in hand out of the chunk; the answer is how much that was. */
    private collect(chunk: Buffer, at: number, length: number): number {
        const count = Math.min(this.want - this.have, length - at);
        const need = this.have + count;
        if (this.partial.length < need) this.grow(need);
        chunk.copy(this.partial, this.have, at, at + count);
        this.have = need;
        return count;
    }

    private grow(need: number): void {
        const size = Math.min(this.want, Math.max(2 * need, TRUSTED_BYTES));
        const larger = Buffer.allocUnsafeSlow(size);
        this.partial.copy(larger, 0, 0, this.have);
        this.partial = larger;
    }

    private reset(): void {
        this.partial = EMPTY;
        this.have = 0;
        this.want = HEADER_BYTES;
    }
}

const EMPTY = Buffer.alloc(0);

/** 64 bits from two words, and back; the 0 that most requests carry costs no bigint arithmetic. */
export function join64(high: number, low: number): bigint {
    return (BigInt(high) << 32n) | BigInt(low);
}

export function high32(value: bigint): number {
    return value === 0n ? 0 : Number(value >> 32n);
}

export function low32(value: bigint): number {
    return value === 0n ? 0 : Number(value & 0xffffffffn);
}

function put32(b: Buffer, at: number, word: number): void {
    b[at] = word >>> 24;
    b[at + 1] = word >>> 16;
    b[at + 2] = word >>> 8;
    b[at + 3] = word;
}

function get32(b: Buffer, at: number): number {
    return ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0;
}

const TEXT_REPLY = /^(ERROR|CLIENT_ERROR|SERVER_ERROR|VERSION|HTTP\/|-ERR)/;

function describeMagic(b: Buffer, at: number): string {
    const text = TEXT_REPLY.exec(b.toString('latin1', at, at + 16));
    if (text !== null) return `it answers in text (${text[1]}), not in memcached's binary protocol`;
    return `a reply starts with byte 0x${b[at]!.toString(16).padStart(2, '0')} instead of 0x81`;
}
