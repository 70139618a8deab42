import { HEADER_BYTES, Opcode, REQUEST_MAGIC } from '../../../src/client/protocol/binary/constants';

/** Request frame of a client. */
export interface Request {
    readonly opcode: number;
    readonly opaque: number;
    readonly cas: bigint;
    readonly key: string;
    readonly value: Buffer;
    readonly flags: number;
    readonly expiry: number;
    readonly delta: bigint;
    readonly initial: bigint;
}

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
const WITHOUT_KEY = new Set<number>([Opcode.NOOP, Opcode.VERSION]);
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
export function parseRequest(b: Buffer, at: number): Request {
    const opcode = b[at + 1]!;
    const keyBytes = b.readUInt16BE(at + 2);
    const extrasBytes = b[at + 4]!;
    const bodyBytes = b.readUInt32BE(at + 8);
    const extrasAt = at + HEADER_BYTES;
    const keyAt = extrasAt + extrasBytes;
    const valueAt = keyAt + keyBytes;
    const end = at + HEADER_BYTES + bodyBytes;
    const where = `in a request with opcode ${opcode}`;
    if (b[at] !== REQUEST_MAGIC) throw new Error(`invalid magic ${b[at]} ${where}`);
    if (!KNOWN.has(opcode)) throw new Error(`unknown opcode ${where}`);
    if (extrasBytes !== (EXTRAS[opcode] ?? 0)) throw new Error(`invalid extras of ${extrasBytes} bytes ${where}`);
    if (valueAt > end) throw new Error(`invalid body of ${bodyBytes} bytes ${where}`);
    if (keyBytes > 250) throw new Error(`invalid key of ${keyBytes} bytes ${where}`);
    const needsKey = !WITHOUT_KEY.has(opcode);
    if ((keyBytes === 0) === needsKey && !MAY_HAVE_KEY.has(opcode))
        throw new Error(`invalid key of ${keyBytes} bytes ${where}`);
    if (valueAt < end && !WITH_VALUE.has(opcode))
        throw new Error(`unexpected value of ${end - valueAt} bytes ${where}`);
    const isCounter = extrasBytes === 20;
    return {
        opcode,
        opaque: b.readUInt32BE(at + 12),
        cas: b.readBigUInt64BE(at + 16),
        key: b.toString('latin1', keyAt, valueAt),
        value: b.subarray(valueAt, end),
        flags: extrasBytes === 8 ? b.readUInt32BE(extrasAt) : 0,
        expiry: extrasBytes === 0 ? 0 : b.readUInt32BE(keyAt - 4),
        delta: isCounter ? b.readBigUInt64BE(extrasAt) : 0n,
        initial: isCounter ? b.readBigUInt64BE(extrasAt + 8) : 0n,
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
    b[0] = 0x81;
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
