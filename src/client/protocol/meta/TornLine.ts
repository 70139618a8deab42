import { LF } from './constants';

/** The memory for a torn line, until it proves too short. */
const INITIAL_BYTES = 256;

/** The first bytes of a line that continues in the next chunk. */
export class TornLine {
    buffer = Buffer.alloc(0);
    bytes = 0;

    /** Keeps the rest of a chunk. */
    start(chunk: Buffer, at: number, length: number): void {
        this.bytes = 0;
        this.add(chunk, at, length);
    }

    /** Adds bytes of a chunk up to the end of the line or a maximum. Returns their number. */
    goOn(chunk: Buffer, at: number, length: number, maxBytes: number): number {
        const room = Math.min(length, at + maxBytes);
        let end = at;
        while (end < room && chunk[end] !== LF) end++;
        if (end < room) end++;
        this.add(chunk, at, end);
        return end - at;
    }

    private add(chunk: Buffer, at: number, end: number): void {
        const need = this.bytes + end - at;
        if (this.buffer.length < need) {
            const larger = Buffer.allocUnsafeSlow(Math.max(INITIAL_BYTES, 2 * need));
            this.buffer.copy(larger, 0, 0, this.bytes);
            this.buffer = larger;
        }
        chunk.copy(this.buffer, this.bytes, at, end);
        this.bytes = need;
    }
}
