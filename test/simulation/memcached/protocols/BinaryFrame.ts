import {
    HEADER_BYTES,
    NO_CREATE,
    Opcode,
    REPLY_MAGIC,
    REQUEST_MAGIC,
} from '../../../../src/client/protocol/binary/constants';
import type { Command, Verb } from '../Command';

/** Request frame of a client. */
export interface Frame extends Omit<Command, 'verb'> {
    readonly opcode: number;
    readonly opaque: number;
    /** Operation on a key, or null for a request to the server itself. */
    readonly verb: Verb | null;
}

const VERBS: Readonly<Record<number, Verb>> = {
    [Opcode.GET]: 'get',
    [Opcode.GETQ]: 'get',
    [Opcode.GAT]: 'getAndTouch',
    [Opcode.TOUCH]: 'touch',
    [Opcode.SET]: 'set',
    [Opcode.SETQ]: 'set',
    [Opcode.ADD]: 'add',
    [Opcode.REPLACE]: 'replace',
    [Opcode.APPEND]: 'append',
    [Opcode.PREPEND]: 'prepend',
    [Opcode.DELETE]: 'delete',
    [Opcode.DELETEQ]: 'delete',
    [Opcode.INCREMENT]: 'increment',
    [Opcode.DECREMENT]: 'decrement',
};

/** Length of the extras that memcached requires, in bytes. */
const EXTRAS: Readonly<Record<number, number>> = {
    [Opcode.SET]: 8,
    [Opcode.SETQ]: 8,
    [Opcode.ADD]: 8,
    [Opcode.REPLACE]: 8,
    [Opcode.INCREMENT]: 20,
    [Opcode.DECREMENT]: 20,
    [Opcode.TOUCH]: 4,
    [Opcode.GAT]: 4,
};
const WITHOUT_KEY = new Set<number>([Opcode.NOOP, Opcode.VERSION, Opcode.FLUSH]);
const MAY_HAVE_KEY = new Set<number>([Opcode.STAT]);
const WITH_VALUE = new Set<number>([
    Opcode.SET,
    Opcode.SETQ,
    Opcode.ADD,
    Opcode.REPLACE,
    Opcode.APPEND,
    Opcode.PREPEND,
    Opcode.SASL_AUTH,
]);
const KNOWN = new Set<number>(Object.values(Opcode));

/** Returns the length of the frame at this offset, or 0 if the header is incomplete. */
export function frameBytes(b: Buffer, at: number): number {
    return b.length - at < HEADER_BYTES ? 0 : HEADER_BYTES + b.readUInt32BE(at + 8);
}

/**
 * Parses a request.
 * @throws Error for a frame that memcached rejects
 */
export function parseFrame(b: Buffer): Frame {
    const opcode = b[1]!;
    const keyBytes = b.readUInt16BE(2);
    const extrasBytes = b[4]!;
    const keyAt = HEADER_BYTES + extrasBytes;
    const valueAt = keyAt + keyBytes;
    const end = b.length;
    const where = `in a request with opcode ${opcode}`;
    if (b[0] !== REQUEST_MAGIC) throw new Error(`invalid magic ${b[0]} ${where}`);
    if (!KNOWN.has(opcode)) throw new Error(`unknown opcode ${where}`);
    if (extrasBytes !== (EXTRAS[opcode] ?? 0)) throw new Error(`invalid extras of ${extrasBytes} bytes ${where}`);
    if (valueAt > end) throw new Error(`invalid body of ${end - HEADER_BYTES} bytes ${where}`);
    if (keyBytes > 250) throw new Error(`invalid key of ${keyBytes} bytes ${where}`);
    const needsKey = !WITHOUT_KEY.has(opcode);
    if ((keyBytes === 0) === needsKey && !MAY_HAVE_KEY.has(opcode))
        throw new Error(`invalid key of ${keyBytes} bytes ${where}`);
    if (valueAt < end && !WITH_VALUE.has(opcode))
        throw new Error(`unexpected value of ${end - valueAt} bytes ${where}`);
    const isCounter = extrasBytes === 20;
    const expiry = extrasBytes === 0 ? 0 : b.readUInt32BE(keyAt - 4);
    return {
        opcode,
        verb: VERBS[opcode] ?? null,
        opaque: b.readUInt32BE(12),
        cas: b.readBigUInt64BE(16),
        key: b.toString('latin1', keyAt, valueAt),
        value: b.subarray(valueAt, end),
        flags: extrasBytes === 8 ? b.readUInt32BE(HEADER_BYTES) : 0,
        expiry,
        delta: isCounter ? b.readBigUInt64BE(HEADER_BYTES) : 0n,
        initial: isCounter && expiry !== NO_CREATE ? b.readBigUInt64BE(HEADER_BYTES + 8) : null,
    };
}

/** Encodes a reply, without the flags if they are -1. */
export function encodeReply(
    { opcode, opaque }: { readonly opcode: number; readonly opaque: number },
    status: number,
    cas: bigint,
    flags: number,
    key: string,
    value: Uint8Array,
): Buffer {
    const extrasBytes = flags === -1 ? 0 : 4;
    const b = Buffer.alloc(HEADER_BYTES + extrasBytes + key.length + value.length);
    b[0] = REPLY_MAGIC;
    b[1] = opcode;
    b.writeUInt16BE(key.length, 2);
    b[4] = extrasBytes;
    b.writeUInt16BE(status, 6);
    b.writeUInt32BE(b.length - HEADER_BYTES, 8);
    b.writeUInt32BE(opaque, 12);
    b.writeBigUInt64BE(cas, 16);
    if (flags !== -1) b.writeUInt32BE(flags, HEADER_BYTES);
    b.write(key, HEADER_BYTES + extrasBytes, 'latin1');
    b.set(value, HEADER_BYTES + extrasBytes + key.length);
    return b;
}
