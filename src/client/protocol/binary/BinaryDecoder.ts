import type { ReplyDecoder } from '../Protocol';
import { BinaryReply } from './BinaryReply';
import { HEADER_BYTES, REPLY_MAGIC } from './constants';
import { describeBytes } from './describeBytes';

/** The memory that the header of a frame may reserve. More follows as bytes arrive. */
const TRUSTED_BYTES = 1024 * 1024 + 4096;

/** The size from which on the socket reads the rest of a frame straight into its own buffer. */
const DIRECT_BYTES = 16 * 1024;

const EMPTY = Buffer.alloc(0);

/** A decoder that splits a stream into frames, wherever its chunks end. */
export class BinaryDecoder implements ReplyDecoder {
    private readonly reply = new BinaryReply();
    /** The first `have` bytes of a frame that continues in the next chunk. */
    private partial: Buffer = EMPTY;
    private have = 0;
    /** The length of that frame, or of the header until the header is complete. */
    private want = HEADER_BYTES;

    constructor(private readonly onReply: (reply: BinaryReply) => boolean) {}

    get target(): Buffer | null {
        if (!this.isInLargeReply) return null;
        if (this.partial.length === this.have) this.grow(this.have + 1);
        return this.partial.subarray(this.have);
    }

    get isInLargeReply(): boolean {
        return this.want - this.have >= DIRECT_BYTES;
    }

    filled(count: number): null {
        this.have += count;
        if (this.have === this.want) this.emitPartial();
        return null;
    }

    push(chunk: Buffer, length: number): string | null {
        let at = 0;
        while (this.have > 0) {
            at += this.collect(chunk, at, length);
            if (this.have < this.want) return null;
            if (this.want === HEADER_BYTES) {
                const problem = this.reply.readHeader(this.partial, 0);
                if (problem !== null) return problem;
                this.want = HEADER_BYTES + this.reply.bodyBytes;
                if (this.want > HEADER_BYTES) continue;
            }
            if (!this.emitPartial()) return null;
        }
        while (length - at >= HEADER_BYTES) {
            const problem = this.reply.readHeader(chunk, at);
            if (problem !== null) return problem;
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
        if (chunk[at] !== REPLY_MAGIC) return describeBytes(chunk, at);
        this.collect(chunk, at, length);
        return null;
    }

    private emitPartial(): boolean {
        const frame = this.partial;
        this.partial = EMPTY;
        this.have = 0;
        this.want = HEADER_BYTES;
        return this.emit(frame, HEADER_BYTES, true);
    }

    private emit(buffer: Buffer, bodyAt: number, owned: boolean): boolean {
        this.reply.buffer = buffer;
        this.reply.bodyAt = bodyAt;
        this.reply.owned = owned;
        return this.onReply(this.reply);
    }

    /** Copies the bytes of the partial frame out of the chunk, and returns their number. */
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
}
