import { HEADER_BYTES, REPLY_MAGIC } from './constants';
import { BinaryReply, describeMagic } from './BinaryReply';

/** The most that is set aside on the word of a header alone; more is added as bytes really come. */
const TRUSTED_BYTES = 1024 * 1024 + 4096;

/** From here on it pays to read the rest of a frame to where it belongs, although that ends the read with the frame. */
const DIRECT_BYTES = 16 * 1024;

const EMPTY = Buffer.alloc(0);

/** Takes the stream in whatever pieces it comes, gives one reply at a time. */
export class BinaryDecoder {
    private readonly reply = new BinaryReply();
    /** A frame that did not end with its chunk: its first `have` bytes. Empty while there is none. */
    private partial: Buffer = EMPTY;
    private have = 0;
    /** The whole frame's length; 24 until its header is complete. */
    private want = HEADER_BYTES;

    /** @param onReply false stops: what is left of the chunk is not looked at */
    constructor(private readonly onReply: (reply: BinaryReply) => boolean) {}

    /**
     * Where the next bytes are wanted when they are the middle of a large frame: read them in there, and say so to `filled`. null: read
     * them anywhere and `push` them.
     */
    get target(): Buffer | null {
        if (!this.isInLargeFrame) return null;
        if (this.partial.length === this.have) this.grow(this.have + 1);
        return this.partial.subarray(this.have);
    }

    get isInLargeFrame(): boolean {
        return this.want - this.have >= DIRECT_BYTES;
    }

    /** So many bytes were read into `target`. */
    filled(count: number): void {
        this.have += count;
        if (this.have === this.want) this.emitPartial();
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
            if (!this.emitPartial()) return null;
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
}
