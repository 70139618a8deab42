import { get32, join64 } from '../../../util/uint64';
import type { Reply } from '../Protocol';
import { REPLY_MAGIC } from './constants';
import { describeBytes } from './describeBytes';

/** The limit of a body. An item has at most 1 GiB (`-I`), and a key 250 bytes. */
const MAX_BODY_BYTES = 1024 * 1024 * 1024 + 4096;

/** A frame: a header, then a body of extras, key and value. */
export class BinaryReply implements Reply {
    /** The status, whose numbers are those of `Outcome`. */
    outcome = 0;
    opaque = 0;
    casHigh = 0;
    casLow = 0;
    extrasBytes = 0;
    keyBytes = 0;
    bodyBytes = 0;
    buffer: Buffer = Buffer.alloc(0);
    /** The start of the body in `buffer`. */
    bodyAt = 0;
    /** Whether callers may keep parts of the buffer, because the decoder does not reuse it. */
    owned = false;

    get cas(): bigint {
        return join64(this.casHigh, this.casLow);
    }

    get flags(): number {
        return this.extrasBytes >= 4 ? get32(this.buffer, this.bodyAt) : 0;
    }

    value(): Buffer {
        const end = this.bodyAt + this.bodyBytes;
        const start = this.valueAt;
        if (this.owned) return this.buffer.subarray(start, end);
        const copy = Buffer.allocUnsafe(end - start);
        this.buffer.copy(copy, 0, start, end);
        return copy;
    }

    text(): string {
        return this.buffer.toString('utf8', this.valueAt, this.bodyAt + this.bodyBytes);
    }

    valueEquals(text: string, start: number, end: number): boolean {
        const { buffer, valueAt, valueBytes } = this;
        if (valueBytes !== end - start) return false;
        for (let i = 0; i < valueBytes; i++) if (buffer[valueAt + i] !== text.charCodeAt(start + i)) return false;
        return true;
    }

    key(): string {
        const start = this.bodyAt + this.extrasBytes;
        return this.buffer.toString('utf8', start, start + this.keyBytes);
    }

    counter(): bigint {
        if (this.valueBytes !== 8) throw new Error(`invalid reply: a counter of ${this.valueBytes} bytes instead of 8`);
        return this.buffer.readBigUInt64BE(this.valueAt);
    }

    detail(): string {
        return `0x${this.outcome.toString(16).padStart(2, '0')}`;
    }

    /** Reads a header of 24 bytes. Returns null, or the reason why the bytes are no header. */
    readHeader(b: Buffer, at: number): string | null {
        if (b[at] !== REPLY_MAGIC) return describeBytes(b, at);
        this.keyBytes = (b[at + 2]! << 8) | b[at + 3]!;
        this.extrasBytes = b[at + 4]!;
        this.outcome = (b[at + 6]! << 8) | b[at + 7]!;
        this.bodyBytes = get32(b, at + 8);
        this.opaque = get32(b, at + 12);
        this.casHigh = get32(b, at + 16);
        this.casLow = get32(b, at + 20);
        if (this.bodyBytes > MAX_BODY_BYTES) return `invalid reply: a body of ${this.bodyBytes} bytes`;
        if (this.valueBytes < 0) {
            return `invalid reply: extras of ${this.extrasBytes} and a key of ${this.keyBytes} in a body of ${this.bodyBytes} bytes`;
        }
        return null;
    }

    private get valueAt(): number {
        return this.bodyAt + this.extrasBytes + this.keyBytes;
    }

    private get valueBytes(): number {
        return this.bodyBytes - this.extrasBytes - this.keyBytes;
    }
}
