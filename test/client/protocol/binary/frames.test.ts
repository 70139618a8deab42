import fc from 'fast-check';
import { BinaryDecoder } from '../../../../src/client/protocol/binary/BinaryDecoder';
import { BinaryWriter } from '../../../../src/client/protocol/binary/BinaryWriter';
import { Opcode } from '../../../../src/client/protocol/binary/constants';
import { high32, join64, low32 } from '../../../../src/util/uint64';
import type { BinaryReply } from '../../../../src/client/protocol/binary/BinaryReply';

interface Frame {
    opcode: number;
    status: number;
    opaque: number;
    cas: bigint;
    extras: Buffer;
    key: Buffer;
    value: Buffer;
}

function toBytes({ opcode, status, opaque, cas, extras, key, value }: Frame): Buffer {
    const header = Buffer.alloc(24);
    header[0] = 0x81;
    header[1] = opcode;
    header.writeUInt16BE(key.length, 2);
    header[4] = extras.length;
    header.writeUInt16BE(status, 6);
    header.writeUInt32BE(extras.length + key.length + value.length, 8);
    header.writeUInt32BE(opaque, 12);
    header.writeBigUInt64BE(cas, 16);
    return Buffer.concat([header, extras, key, value]);
}

/** Copies the reply, which the decoder reuses for the next frame. */
function toFrame(reply: BinaryReply): Frame {
    const { opcode, status, opaque, cas, buffer, bodyAt, extrasBytes, keyBytes } = reply;
    const keyAt = bodyAt + extrasBytes;
    return {
        opcode,
        status,
        opaque,
        cas,
        extras: Buffer.from(buffer.subarray(bodyAt, keyAt)),
        key: Buffer.from(buffer.subarray(keyAt, keyAt + keyBytes)),
        value: reply.value(),
    };
}

/** Pushes the stream in pieces through one reused buffer, as a socket does. */
function decode(stream: Buffer, cuts: readonly number[]): { frames: Frame[]; wrong: string | null } {
    const frames: Frame[] = [];
    const decoder = new BinaryDecoder(reply => {
        frames.push(toFrame(reply));
        return true;
    });
    const shared = Buffer.alloc(stream.length + 1);
    let from = 0;
    let wrong: string | null = null;
    for (const to of [...cuts.filter(cut => cut <= stream.length).sort((a, b) => a - b), stream.length]) {
        while (from < to && wrong === null) {
            const { target } = decoder;
            const count = Math.min(to - from, (target ?? shared).length);
            shared.fill(0xee);
            stream.copy(target ?? shared, 0, from, from + count);
            if (target === null) wrong = decoder.push(shared, count);
            else decoder.filled(count);
            from += count;
        }
    }
    return { frames, wrong };
}

const bytes = (max: number) => fc.uint8Array({ maxLength: max }).map(array => Buffer.from(array));
const anyFrame: fc.Arbitrary<Frame> = fc.record({
    opcode: fc.nat(255),
    status: fc.nat(0xffff),
    opaque: fc.nat(0xffffffff),
    cas: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    extras: bytes(20),
    key: bytes(250),
    value: bytes(300),
});
const anyCuts = fc.array(fc.nat(2000), { maxLength: 40 });

describe('BinaryDecoder', () => {
    it('yields the same frames however the stream is cut', () => {
        fc.assert(
            fc.property(fc.array(anyFrame, { maxLength: 6 }), anyCuts, (frames, cuts) => {
                const stream = Buffer.concat(frames.map(toBytes));
                expect(decode(stream, cuts)).toEqual({ frames, wrong: null });
            }),
        );
    });

    it('yields the same frames byte by byte', () => {
        fc.assert(
            fc.property(fc.array(anyFrame, { minLength: 1, maxLength: 2 }), frames => {
                const stream = Buffer.concat(frames.map(toBytes));
                const everywhere = Array.from({ length: stream.length }, (_, i) => i);
                expect(decode(stream, everywhere)).toEqual({ frames, wrong: null });
            }),
            { numRuns: 20 },
        );
    });

    it('assembles a value of 3 MiB that arrives in chunks of 64 KiB', () => {
        const value = Buffer.alloc(3 * 1024 * 1024, 'abc');
        const none = Buffer.alloc(0);
        const frame = { opcode: 0, status: 0, opaque: 7, cas: 1n, extras: Buffer.from([0, 0, 0, 9]), key: none, value };
        const stream = toBytes(frame);
        const cuts = Array.from({ length: stream.length / 65536 }, (_, i) => (i + 1) * 65536);
        const { frames, wrong } = decode(stream, cuts);
        expect(wrong).toBeNull();
        expect(frames[0]!.value.equals(value)).toBe(true);
    });

    it('never throws on garbage, and allocates at most twice the input plus one frame', () => {
        const oneFrame = 1024 * 1024 + 8192;
        const allocate = jest.spyOn(Buffer, 'allocUnsafeSlow');
        const garbage = fc.oneof(
            bytes(400),
            bytes(400).map(tail => Buffer.concat([Buffer.from([0x81]), tail])),
            fc.tuple(anyFrame, fc.nat(0xffffffff), bytes(100)).map(([frame, lie, tail]) => {
                const stream = Buffer.concat([toBytes(frame), tail]);
                stream.writeUInt32BE(lie, 8);
                return stream;
            }),
        );
        try {
            fc.assert(
                fc.property(garbage, anyCuts, (stream, cuts) => {
                    allocate.mockClear();
                    decode(stream, cuts);
                    const allocated = allocate.mock.calls.reduce((sum, [size]) => sum + size, 0);
                    expect(allocated).toBeLessThanOrEqual(2 * stream.length + oneFrame);
                }),
                { numRuns: 500 },
            );
        } finally {
            allocate.mockRestore();
        }
    });

    it.each([
        ['ERROR\r\n', 'it answers in text (ERROR)'],
        ['HTTP/1.1 400 Bad Request\r\n', 'it answers in text (HTTP/)'],
        ['hello', 'starts with byte 0x68 instead of 0x81'],
    ])('reports that %j is not the binary protocol', (text, words) => {
        expect(decode(Buffer.from(text), []).wrong).toContain(words);
    });

    it('reports a frame longer than the maximum item', () => {
        const header = Buffer.alloc(24);
        header[0] = 0x81;
        header.writeUInt32BE(0xffffffff, 8);
        expect(decode(header, []).wrong).toBe('a reply claims a body of 4294967295 bytes');
    });

    it('reports a frame whose parts are longer than the whole', () => {
        const header = Buffer.alloc(24);
        header[0] = 0x81;
        header[4] = 4;
        header.writeUInt32BE(3, 8);
        expect(decode(header, []).wrong).toBe('a reply of 3 bytes claims 4 of extras and 0 of key');
    });

    it('decodes no further frame after it was told to stop', () => {
        const none = Buffer.alloc(0);
        const frame = { opcode: 0, status: 0, opaque: 1, cas: 0n, extras: none, key: none, value: none };
        let seen = 0;
        const decoder = new BinaryDecoder(() => ++seen < 2);
        const stream = Buffer.concat([frame, frame, frame].map(toBytes));
        expect(decoder.push(stream, stream.length)).toBeNull();
        expect(seen).toBe(2);
    });
});

interface Request {
    opcode: number;
    opaque: number;
    cas: bigint;
    words: number[];
    key: string;
    value: string | Buffer;
}

function write(writer: BinaryWriter, { opcode, opaque, cas, words, key, value }: Request): void {
    writer.begin(opcode, opaque, high32(cas), low32(cas), key, words.length * 4);
    for (const word of words) writer.uint32(word);
    writer.key(key);
    writer.value(value);
    writer.end();
}

/** Parses requests as memcached does. */
function read(stream: Buffer): Request[] {
    const requests: Request[] = [];
    for (let at = 0; at < stream.length;) {
        expect(stream[at]).toBe(0x80);
        const keyBytes = stream.readUInt16BE(at + 2);
        const extrasBytes = stream[at + 4]!;
        const body = stream.readUInt32BE(at + 8);
        const keyAt = at + 24 + extrasBytes;
        const words: number[] = [];
        for (let i = at + 24; i < keyAt; i += 4) words.push(stream.readUInt32BE(i));
        requests.push({
            opcode: stream[at + 1]!,
            opaque: stream.readUInt32BE(at + 12),
            cas: stream.readBigUInt64BE(at + 16),
            words,
            key: stream.toString('utf8', keyAt, keyAt + keyBytes),
            value: stream.toString('latin1', keyAt + keyBytes, at + 24 + body),
        });
        at += 24 + body;
    }
    return requests;
}

const anyText = (max: number) => fc.string({ unit: 'binary', maxLength: max });
const anyRequest: fc.Arbitrary<Request> = fc.record({
    opcode: fc.nat(255),
    opaque: fc.nat(0xffffffff),
    cas: fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
    words: fc.array(fc.nat(0xffffffff), { maxLength: 5 }),
    key: anyText(80),
    value: fc.oneof(
        anyText(200),
        bytes(200),
        fc.integer({ min: 4000, max: 90000 }).map(size => Buffer.alloc(size, size)),
    ),
});

describe('BinaryWriter', () => {
    // Converts values to text because jest compares large buffers byte by byte.
    const asRead = (request: Request): Request => ({
        ...request,
        value: Buffer.from(request.value as string).toString('latin1'),
    });

    it('writes frames that read back unchanged', () => {
        fc.assert(
            fc.property(fc.array(anyRequest, { maxLength: 12 }), requests => {
                const writer = new BinaryWriter();
                for (const request of requests) write(writer, request);
                expect(read(Buffer.concat(writer.take()))).toEqual(requests.map(asRead));
            }),
        );
    });

    it('does not reuse taken buffers before recycle', () => {
        fc.assert(
            fc.property(
                fc.array(fc.tuple(fc.array(anyRequest, { maxLength: 4 }), fc.boolean()), { maxLength: 8 }),
                turns => {
                    const writer = new BinaryWriter();
                    let taken: { parts: Uint8Array[]; requests: Request[] }[] = [];
                    for (const [requests, hasLeft] of turns) {
                        for (const request of requests) write(writer, request);
                        taken.push({ parts: writer.take(), requests });
                        for (const turn of taken) {
                            expect(read(Buffer.concat(turn.parts))).toEqual(turn.requests.map(asRead));
                        }
                        if (!hasLeft) continue;
                        taken = [];
                        writer.recycle();
                    }
                },
            ),
        );
    });

    it('counts the bytes that are not yet taken', () => {
        const writer = new BinaryWriter();
        write(writer, { opcode: Opcode.SET, opaque: 1, cas: 0n, words: [0, 0], key: 'key', value: 'é' });
        expect(writer.pendingBytes).toBe(24 + 8 + 3 + 2);
        writer.take();
        expect(writer.pendingBytes).toBe(0);
    });

    it('does not copy a large buffer', () => {
        const value = Buffer.alloc(100_000);
        const writer = new BinaryWriter();
        write(writer, { opcode: Opcode.SET, opaque: 1, cas: 0n, words: [], key: 'key', value });
        expect(writer.take()[1]).toBe(value);
    });

    it('sets a new opaque in a prebuilt frame', () => {
        const other = new BinaryWriter();
        write(other, { opcode: Opcode.GET, opaque: 5, cas: 0n, words: [], key: 'key', value: '' });
        const writer = new BinaryWriter();
        writer.raw(Buffer.concat(other.take()), 0xfffffffe);
        expect(read(Buffer.concat(writer.take()))).toMatchObject([
            { opcode: Opcode.GET, opaque: 0xfffffffe, key: 'key' },
        ]);
    });
});

it('restores 64 bits from two words', () => {
    fc.assert(
        fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), value => {
            expect(join64(high32(value), low32(value))).toBe(value);
        }),
    );
});
