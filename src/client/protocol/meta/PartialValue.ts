/** The limit of the memory for a value whose bytes have not arrived. */
const TRUSTED_BYTES = 1024 * 1024 + 4096;

/** The size from which on the socket reads the rest of a value into a buffer of that value. */
const DIRECT_BYTES = 16 * 1024;

const EMPTY = Buffer.alloc(0);

/** A value that arrives in several chunks. */
export class PartialValue {
    private buffer: Buffer = EMPTY;
    private have = 0;
    /** The size of the value. 0 = the decoder expects no value. */
    private want = 0;

    get isExpected(): boolean {
        return this.want > 0;
    }

    get isComplete(): boolean {
        return this.have === this.want;
    }

    get isLarge(): boolean {
        return this.want - this.have >= DIRECT_BYTES;
    }

    /** The place for the next bytes of a large value. */
    get target(): Buffer | null {
        if (!this.isLarge) return null;
        if (this.buffer.length === this.have) this.grow(this.have + 1);
        return this.buffer.subarray(this.have);
    }

    expect(bytes: number): void {
        this.want = bytes;
    }

    filled(count: number): void {
        this.have += count;
    }

    /** Copies bytes of the value out of the chunk. Returns their number. */
    collect(chunk: Buffer, at: number, length: number): number {
        const count = Math.min(this.want - this.have, length - at);
        const need = this.have + count;
        if (this.buffer.length < need) this.grow(need);
        chunk.copy(this.buffer, this.have, at, at + count);
        this.have = need;
        return count;
    }

    /** Returns the complete value, and forgets it. */
    take(): Buffer {
        const { buffer } = this;
        this.buffer = EMPTY;
        this.have = this.want = 0;
        return buffer;
    }

    private grow(need: number): void {
        const size = Math.min(this.want, Math.max(2 * need, TRUSTED_BYTES));
        const larger = Buffer.allocUnsafeSlow(size);
        this.buffer.copy(larger, 0, 0, this.have);
        this.buffer = larger;
    }
}
