/**
 * Implements the part of memcached's binary framing that faults need. The code is independent of
 * `src/client/protocol`, so that the tests detect a mistake there.
 */
import type { Request, Verb } from './verbs';

export const HEADER_BYTES = 24;
const REQUEST_MAGIC = 0x80;
const REPLY_MAGIC = 0x81;

const VERBS: Record<number, Verb> = {
    0x00: 'get',
    0x01: 'set',
    0x02: 'add',
    0x03: 'replace',
    0x04: 'delete',
    0x05: 'count',
    0x06: 'count',
    0x08: 'flush',
    0x09: 'get',
    0x0a: 'noop',
    0x0b: 'version',
    0x0e: 'append',
    0x0f: 'prepend',
    0x10: 'stat',
    0x11: 'set',
    0x14: 'delete',
    0x1c: 'touch',
    0x1d: 'getAndTouch',
    0x20: 'login',
    0x21: 'login',
};

/** Returns whether these bytes start a frame. No line of text starts like a frame. */
export function isFrame(bytes: Buffer): boolean {
    return bytes[0] === REQUEST_MAGIC || bytes[0] === REPLY_MAGIC;
}

/** Returns the length of the first frame, or Infinity while its header is incomplete. */
export function frameLength(bytes: Buffer): number {
    return bytes.length < HEADER_BYTES ? Infinity : HEADER_BYTES + bytes.readUInt32BE(8);
}

export function frameVerb(frame: Buffer): Verb | undefined {
    const verb = VERBS[frame[1]!];
    const isCompare = verb === 'replace' && frame[0] === REQUEST_MAGIC && frame.readBigUInt64BE(16) !== 0n;
    return isCompare ? 'cas' : verb;
}

export function readFrame(frame: Buffer): Request {
    const keyAt = HEADER_BYTES + frame[4]!;
    return { verb: frameVerb(frame), key: frame.toString('utf8', keyAt, keyAt + frame.readUInt16BE(2)) };
}

/** Returns the expiry of a store. */
export function expiryOfFrame(frame: Buffer): number {
    return frame.readUInt32BE(HEADER_BYTES + 4);
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
