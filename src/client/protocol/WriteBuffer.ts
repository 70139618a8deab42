const CHUNK_BYTES = 64 * 1024;

/** The size from which on the socket gets a value itself instead of a copy. */
export const BY_REFERENCE_BYTES = 4 * 1024;

/** The length up to which a loop over the characters beats the call into native code. */
const SHORT_TEXT = 24;

/** The bytes of one write: chunks of requests, with large values between them by reference. */
export abstract class WriteBuffer {
    protected buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    /** The place of the next byte. */
    protected position = 0;
    /** The start of the current request. */
    protected start = 0;
    private taken = 0;
    private parts: Uint8Array[] = [];
    private markedBuffer = this.buffer;
    private markedTaken = 0;
    private markedPosition = 0;
    private markedParts = 0;
    private markedBytes = 0;

    /** Bytes of all complete requests that wait for `take`. */
    pendingBytes = 0;

    mark(): void {
        this.markedBuffer = this.buffer;
        this.markedTaken = this.taken;
        this.markedPosition = this.position;
        this.markedParts = this.parts.length;
        this.markedBytes = this.pendingBytes;
    }

    rollBack(): void {
        this.buffer = this.markedBuffer;
        this.taken = this.markedTaken;
        this.position = this.markedPosition;
        this.parts.length = this.markedParts;
        this.pendingBytes = this.markedBytes;
    }

    take(): Uint8Array[] {
        this.cut();
        const parts = this.parts;
        this.parts = [];
        this.pendingBytes = 0;
        // Lets an idle channel keep only one chunk.
        this.markedBuffer = this.buffer;
        return parts;
    }

    recycle(): void {
        if (this.position === this.taken) this.position = this.taken = 0;
    }

    /** Makes room for `bytes` more. Without room, the current request moves into a new chunk. */
    protected ensure(bytes: number): void {
        if (this.position + bytes <= this.buffer.length) return;
        const carried = this.buffer.subarray(this.start, this.position);
        this.position = this.start;
        this.cut();
        const next = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, carried.length + bytes));
        next.set(carried, 0);
        this.buffer = next;
        this.taken = 0;
        this.start = 0;
        this.position = carried.length;
    }

    /** Writes a text for which there is room, and returns its bytes. */
    protected text(text: string): number {
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

    /** Writes a value, or returns the bytes that `finish` appends by reference. */
    protected value(value: string | Uint8Array): Uint8Array | null {
        const bytes = typeof value === 'string' && value.length >= BY_REFERENCE_BYTES ? Buffer.from(value) : value;
        if (typeof bytes === 'string') {
            this.ensure(bytes.length * 3);
            this.text(bytes);
        } else if (bytes.length < BY_REFERENCE_BYTES) {
            this.ensure(bytes.length);
            this.buffer.set(bytes, this.position);
            this.position += bytes.length;
        } else {
            return bytes;
        }
        return null;
    }

    /** Completes the current request, which has `bytes` bytes. */
    protected finish(bytes: number, referenced: Uint8Array | null): void {
        this.pendingBytes += bytes;
        if (referenced === null) return;
        this.cut();
        this.parts.push(referenced);
    }

    private cut(): void {
        if (this.position === this.taken) return;
        this.parts.push(this.buffer.subarray(this.taken, this.position));
        this.taken = this.position;
    }
}
