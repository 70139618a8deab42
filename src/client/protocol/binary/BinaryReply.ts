import { REPLY_MAGIC } from './constants';
import { get32, join64 } from '../../../util/uint64';

/** memcached's own limits: an item is at most 1 GiB (`-I`), a key 250 bytes; what claims more is no frame. */
const MAX_BODY_BYTES = 1024 * 1024 * 1024 + 4096;

/** One reply. The decoder has a single one and fills it anew for each: keep nothing of it but what you copy. */
export class BinaryReply {
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

    /** @throws Error when it holds something else: the channel that brought it cannot be trusted */
    uint64(): bigint {
        const start = this.bodyAt + this.extrasBytes + this.keyBytes;
        if (this.valueBytes !== 8)
            throw new Error(`a reply holds ${this.valueBytes} bytes instead of the 8 of a counter`);
        return this.buffer.readBigUInt64BE(start);
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

const TEXT_REPLY = /^(ERROR|CLIENT_ERROR|SERVER_ERROR|VERSION|HTTP\/|-ERR)/;

const TLS_ALERT = 0x15;
const TLS_MAJOR = 3;

export function describeMagic(b: Buffer, at: number): string {
    const text = TEXT_REPLY.exec(b.toString('latin1', at, at + 16));
    if (text !== null) return `it answers in text (${text[1]}), not in memcached's binary protocol`;
    if (b[at] === TLS_ALERT && b[at + 1] === TLS_MAJOR) return 'it answers in TLS, and was not spoken to in TLS';
    return `a reply starts with byte 0x${b[at]!.toString(16).padStart(2, '0')} instead of 0x81`;
}
