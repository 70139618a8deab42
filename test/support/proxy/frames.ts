/**
 * Implements the part of memcached's binary framing that faults need. The code is independent of
 * `src/client/protocol`, so that the tests detect a mistake there.
 */
export const HEADER_BYTES = 24;
const REPLY_MAGIC = 0x81;

/** Splits a stream of bytes into frames, and passes each complete frame to a callback. */
export class FrameSplitter {
    private rest: Buffer = Buffer.alloc(0);

    constructor(private readonly onFrame: (frame: Buffer) => void) {}

    push(chunk: Buffer): void {
        this.rest = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
        for (;;) {
            if (this.rest.length < HEADER_BYTES) return;
            const length = HEADER_BYTES + this.rest.readUInt32BE(8);
            if (this.rest.length < length) return;
            const frame = this.rest.subarray(0, length);
            this.rest = this.rest.subarray(length);
            this.onFrame(frame);
        }
    }
}

/** Returns the opcode and the key of each request in a write. */
export function requestsIn(write: Buffer): { opcode: number; key: string }[] {
    const requests: { opcode: number; key: string }[] = [];
    const splitter = new FrameSplitter(frame => {
        const keyAt = HEADER_BYTES + frame[4]!;
        const key = frame.toString('utf8', keyAt, keyAt + frame.readUInt16BE(2));
        requests.push({ opcode: frame[1]!, key });
    });
    splitter.push(write);
    return requests;
}

export interface ReplyFields {
    opcode?: number;
    status?: number;
    opaque?: number;
    /** The false length of the body in the header, if any. */
    claimedBodyBytes?: number;
    extras?: Buffer;
    body?: Buffer;
}

/** Returns a reply as memcached frames it, except for a false length. */
export function replyFrame(fields: ReplyFields): Buffer {
    const extras = fields.extras ?? Buffer.alloc(0);
    const body = Buffer.concat([extras, fields.body ?? Buffer.alloc(0)]);
    const header = Buffer.alloc(HEADER_BYTES);
    header[0] = REPLY_MAGIC;
    header[1] = fields.opcode ?? 0;
    header[4] = extras.length;
    header.writeUInt16BE(fields.status ?? 0, 6);
    header.writeUInt32BE(fields.claimedBodyBytes ?? body.length, 8);
    header.writeUInt32BE(fields.opaque ?? 0, 12);
    return Buffer.concat([header, body]);
}

export function opaqueOf(frame: Buffer): number {
    return frame.readUInt32BE(12);
}

/** Returns a copy of the frame with another body length in the header. */
export function claiming(frame: Buffer, bodyBytes: number): Buffer {
    const lie = Buffer.from(frame);
    lie.writeUInt32BE(bodyBytes, 8);
    return lie;
}

/** Returns a copy of the frame with another opaque. */
export function withOpaque(frame: Buffer, opaque: number): Buffer {
    const other = Buffer.from(frame);
    other.writeUInt32BE(opaque >>> 0, 12);
    return other;
}
