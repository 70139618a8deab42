import { HEADER_BYTES, REQUEST_MAGIC } from './constants';
import { high32, low32, put32 } from '../../../util/uint64';

const CHUNK_BYTES = 64 * 1024;

/** From here on a value is handed to the socket as it is instead of being copied into the write. */
const BY_REFERENCE_BYTES = 4 * 1024;

/** Up to this length a loop over the characters beats the call into native code. */
const SHORT_TEXT = 24;

/**
 * Collects request frames for one write. A frame is written in the order of the wire: `begin`, then `uint32` for each
 * word of the extras, then `key`, `value`, `end`.
 */
export class BinaryWriter {
    private buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    private taken = 0;
    private position = 0;
    private frame = 0;
    private keyBytes = 0;
    private extrasBytes = 0;
    private referenced: Uint8Array | null = null;
    private parts: Uint8Array[] = [];
    /** What `mark` has kept for `rollBack`. */
    private markedBuffer = this.buffer;
    private markedTaken = 0;
    private markedPosition = 0;
    private markedParts = 0;
    private markedBytes = 0;

    /** Bytes of all frames not taken yet. */
    pendingBytes = 0;

    /** A call is about to be encoded. */
    mark(): void {
        this.markedBuffer = this.buffer;
        this.markedTaken = this.taken;
        this.markedPosition = this.position;
        this.markedParts = this.parts.length;
        this.markedBytes = this.pendingBytes;
    }

    /** Drops everything that was written since the mark. Only valid until the next `take`. */
    rollBack(): void {
        this.buffer = this.markedBuffer;
        this.taken = this.markedTaken;
        this.position = this.markedPosition;
        this.parts.length = this.markedParts;
        this.pendingBytes = this.markedBytes;
        this.referenced = null;
    }

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
        this.pendingBytes += HEADER_BYTES + body;
        if (referenced !== null) {
            this.cut();
            this.parts.push(referenced);
            // An idle channel holds no value.
            this.referenced = null;
        }
    }

    /** A frame with a key, or without one, and nothing else. */
    keyFrame(opcode: number, opaque: number, key: string, cas: bigint): void {
        this.begin(opcode, opaque, high32(cas), low32(cas), key, 0);
        this.key(key);
        this.end();
    }

    /** A frame made elsewhere, with its opaque replaced. */
    raw(frame: Uint8Array, opaque: number): void {
        this.frame = this.position;
        this.ensure(frame.length);
        this.buffer.set(frame, this.position);
        put32(this.buffer, this.position + 12, opaque);
        this.position += frame.length;
        this.pendingBytes += frame.length;
    }

    /** What is to be written now, in order. The bytes stay untouched until `recycle` says that they are gone. */
    take(): Uint8Array[] {
        this.cut();
        const parts = this.parts;
        this.parts = [];
        this.pendingBytes = 0;
        // An idle channel keeps one chunk.
        this.markedBuffer = this.buffer;
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
