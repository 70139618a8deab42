import fc from 'fast-check';
import { BinaryDecoder } from '../../../../src/client/protocol/binary/BinaryDecoder';
import { BinaryWriter } from '../../../../src/client/protocol/binary/BinaryWriter';
import { high32, join64, low32 } from '../../../../src/util/uint64';
import type { BinaryReply } from '../../../../src/client/protocol/binary/BinaryReply';
import { Outcome } from '../../../../src/client/protocol/Protocol';
import { opcodes } from '../../../support/opcodes';

interface Frame {
    status: number;
    opaque: number;
    cas: bigint;
    extras: Buffer;
    key: Buffer;
    value: Buffer;
}

function toBytes({ status, opaque, cas, extras, key, value }: Frame): Buffer {
    const header = Buffer.alloc(24);
    header[0] = 0x81;
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
    const { outcome: status, opaque, cas, buffer, bodyAt, extrasBytes, keyBytes } = reply;
    const keyAt = bodyAt + extrasBytes;
    return {
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
    status: fc.nat(0xffff),
    opaque: fc.nat(0xffffffff),
    cas: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    extras: bytes(20),
    key: bytes(250),
    value: bytes(300),
});
const anyCuts = fc.array(fc.nat(2000), { maxLength: 40 });

describe('BinaryDecoder', () => {
    it('yields the same frames for all cuts of the stream', () => {
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
        const frame = { status: 0, opaque: 7, cas: 1n, extras: Buffer.from([0, 0, 0, 9]), key: none, value };
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
        ['ERROR\r\n', 'the server answers in text (ERROR)'],
        ['HTTP/1.1 400 Bad Request\r\n', 'the server speaks HTTP'],
        ['-ERR unknown command\r\n', 'the server speaks the protocol of Redis'],
        ['ERROR Too many open connections\r\n', 'the server has too many connections'],
        ['hello', 'starts with byte 0x68 instead of 0x81'],
    ])('reports that %j is not the binary protocol', (text, words) => {
        expect(decode(Buffer.from(text), []).wrong).toContain(words);
    });

    it('reports a frame longer than the maximum item', () => {
        const header = Buffer.alloc(24);
        header[0] = 0x81;
        header.writeUInt32BE(0xffffffff, 8);
        expect(decode(header, []).wrong).toBe('invalid reply: a body of 4294967295 bytes');
    });

    it('reports a frame whose parts are longer than the whole', () => {
        const header = Buffer.alloc(24);
        header[0] = 0x81;
        header[4] = 4;
        header.writeUInt32BE(3, 8);
        expect(decode(header, []).wrong).toBe('invalid reply: extras of 4 and a key of 0 in a body of 3 bytes');
    });

    it('decodes no further frame after its callback returns false', () => {
        const none = Buffer.alloc(0);
        const frame = { status: 0, opaque: 1, cas: 0n, extras: none, key: none, value: none };
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

/** A request and its expected fields. */
interface Sample extends Request {
    write: (writer: BinaryWriter, opaque: number) => void;
}

const { GET, SET, ADD, REPLACE, DELETE, INCREMENT, DECREMENT, GETQ, NOOP, VERSION, STAT, SETQ, DELETEQ } = opcodes;
const { TOUCH, GAT, SASL_AUTH } = opcodes;
const [FLUSH, APPEND, PREPEND] = [0x08, 0x0e, 0x0f];

const anyText = (max: number) => fc.string({ unit: 'binary', maxLength: max });
const anyWord = fc.nat(0xffffffff);
const any64 = fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
const anyValue = fc.oneof(
    anyText(200),
    bytes(200),
    fc.integer({ min: 4000, max: 90000 }).map(size => Buffer.alloc(size, size)),
);
const anyArguments = fc.record({
    opaque: anyWord,
    cas: any64,
    other: any64,
    flagBits: anyWord,
    expirySeconds: fc.nat(0xfffffffe),
    key: anyText(80),
    value: anyValue,
});
type Arguments = typeof anyArguments extends fc.Arbitrary<infer T> ? T : never;

const make = (
    opcode: number,
    { opaque, cas, key, value }: { opaque: number; cas?: bigint; key?: string; value?: string | Buffer },
    words: number[],
    write: Sample['write'],
): Sample => ({ opcode, opaque, cas: cas ?? 0n, words, key: key ?? '', value: value ?? '', write });
const wordsOf = (value: bigint) => [high32(value), low32(value)] as const;

/** A sample of every method of the writer. */
const samplers: Record<string, (one: Arguments) => Sample> = {
    get: ({ opaque, key }) => make(GET, { opaque, key }, [], (w, at) => w.get(at, key)),
    'get, quiet': ({ opaque, key }) => make(GETQ, { opaque, key }, [], (w, at) => w.get(at, key, true)),
    getAndTouch: ({ opaque, key, expirySeconds: seconds }) =>
        make(GAT, { opaque, key }, [seconds], (w, at) => w.getAndTouch(at, key, seconds)),
    touch: ({ opaque, key, expirySeconds: seconds }) =>
        make(TOUCH, { opaque, key }, [seconds], (w, at) => w.touch(at, key, seconds)),
    set: store(SET, 'set', 'outcome'),
    'set, with its CAS': store(SET, 'set', 'cas'),
    'set, quiet': store(SETQ, 'set', 'error'),
    add: store(ADD, 'add', 'outcome'),
    'add, with its CAS': store(ADD, 'add', 'cas'),
    replace: store(REPLACE, 'replace', 'outcome'),
    compareAndStore: ({ flagBits, expirySeconds, ...one }) =>
        make(REPLACE, one, [flagBits, expirySeconds], (w, at) =>
            w.compareAndStore(at, one.key, { value: one.value, flagBits, expirySeconds }, ...wordsOf(one.cas)),
        ),
    append: ({ opaque, key, value }) =>
        make(APPEND, { opaque, key, value }, [], (w, at) => w.concat(at, 'append', key, value)),
    prepend: ({ opaque, key, value }) =>
        make(PREPEND, { opaque, key, value }, [], (w, at) => w.concat(at, 'prepend', key, value)),
    delete: ({ opaque, key }) => make(DELETE, { opaque, key }, [], (w, at) => w.delete(at, key)),
    'delete, quiet': ({ opaque, key }) => make(DELETEQ, { opaque, key }, [], (w, at) => w.delete(at, key, true)),
    compareAndDelete: ({ opaque, key, cas }) =>
        make(DELETE, { opaque, key, cas }, [], (w, at) => w.compareAndDelete(at, key, ...wordsOf(cas))),
    'compareAndDelete, quiet': ({ opaque, key, cas }) =>
        make(DELETEQ, { opaque, key, cas }, [], (w, at) => w.compareAndDelete(at, key, ...wordsOf(cas), true)),
    increment: ({ opaque, key, cas, other, expirySeconds }) =>
        make(INCREMENT, { opaque, key }, [...wordsOf(cas), ...wordsOf(other), expirySeconds], (w, at) =>
            w.count(at, 'increment', key, cas, other, expirySeconds),
        ),
    'decrement, without creating it': ({ opaque, key, cas, expirySeconds }) =>
        make(DECREMENT, { opaque, key }, [...wordsOf(cas), 0, 0, 0xffffffff], (w, at) =>
            w.count(at, 'decrement', key, cas, null, expirySeconds),
        ),
    noop: ({ opaque }) => make(NOOP, { opaque }, [], (w, at) => w.noop(at)),
    version: ({ opaque }) => make(VERSION, { opaque }, [], (w, at) => w.version(at)),
    stat: ({ opaque, key }) => make(STAT, { opaque, key }, [], (w, at) => w.stat(at, key)),
    flush: ({ opaque }) => make(FLUSH, { opaque }, [], (w, at) => w.flush(at)),
    login: ({ opaque, key }) =>
        make(SASL_AUTH, { opaque, key: 'PLAIN', value: `\0${key}\0secret` }, [], (w, at) =>
            w.login(at, { username: key, password: 'secret' }),
        ),
};

function store(opcode: number, mode: 'set' | 'add' | 'replace', reply: 'error' | 'outcome' | 'cas') {
    return ({ opaque, key, value, flagBits, expirySeconds }: Arguments) =>
        make(opcode, { opaque, key, value }, [flagBits, expirySeconds], (w, at) =>
            w.store(at, mode, key, { value, flagBits, expirySeconds }, reply),
        );
}

const anySample = fc
    .tuple(fc.constantFrom(...Object.values(samplers)), anyArguments)
    .map(([sampler, one]) => sampler(one));

describe('BinaryWriter', () => {
    const writeAll = (writer: BinaryWriter, samples: readonly Sample[]): void => {
        for (const { write, opaque } of samples) write(writer, opaque);
    };
    // Converts values to text because jest compares large buffers byte by byte.
    const asRead = ({ write: _, value, ...request }: Sample): Request => ({
        ...request,
        value: Buffer.from(value as string).toString('latin1'),
    });

    it.each(Object.entries(samplers))('writes %s', (_, sampler) => {
        fc.assert(
            fc.property(anyArguments, one => {
                const writer = new BinaryWriter();
                const sample = sampler(one);
                writeAll(writer, [sample]);
                expect(read(Buffer.concat(writer.take()))).toEqual([asRead(sample)]);
            }),
            { numRuns: 20 },
        );
    });

    it('creates a counter with the maximum expiry, instead of no counter', () => {
        const writer = new BinaryWriter();
        writer.count(1, 'increment', 'key', 1n, 1n, 0xffffffff);
        expect(read(Buffer.concat(writer.take()))[0]!.words.at(-1)).toBe(0xfffffffe);
    });

    it('writes frames that read back unchanged', () => {
        fc.assert(
            fc.property(fc.array(anySample, { maxLength: 12 }), samples => {
                const writer = new BinaryWriter();
                writeAll(writer, samples);
                expect(read(Buffer.concat(writer.take()))).toEqual(samples.map(asRead));
            }),
        );
    });

    it('does not reuse taken buffers before `recycle`', () => {
        fc.assert(
            fc.property(
                fc.array(fc.tuple(fc.array(anySample, { maxLength: 4 }), fc.boolean()), { maxLength: 8 }),
                turns => {
                    const writer = new BinaryWriter();
                    let taken: { parts: Uint8Array[]; samples: Sample[] }[] = [];
                    for (const [samples, hasLeft] of turns) {
                        writeAll(writer, samples);
                        taken.push({ parts: writer.take(), samples });
                        for (const turn of taken) {
                            expect(read(Buffer.concat(turn.parts))).toEqual(turn.samples.map(asRead));
                        }
                        if (!hasLeft) continue;
                        taken = [];
                        writer.recycle();
                    }
                },
            ),
        );
    });

    it('removes the frames written since the mark', () => {
        fc.assert(
            fc.property(
                fc.array(anySample, { maxLength: 4 }),
                fc.array(anySample, { maxLength: 4 }),
                fc.array(anySample, { maxLength: 4 }),
                (before, removed, after) => {
                    const writer = new BinaryWriter();
                    writeAll(writer, before);
                    const { pendingBytes } = writer;
                    writer.mark();
                    writeAll(writer, removed);
                    writer.rollBack();
                    expect(writer.pendingBytes).toBe(pendingBytes);
                    writeAll(writer, after);
                    expect(read(Buffer.concat(writer.take()))).toEqual([...before, ...after].map(asRead));
                },
            ),
        );
    });

    const spec = (value: string | Buffer) => ({ value, flagBits: 0, expirySeconds: 0 });

    it('counts the bytes that no caller has taken yet', () => {
        const writer = new BinaryWriter();
        writer.store(1, 'set', 'key', spec('é'), 'outcome');
        expect(writer.pendingBytes).toBe(24 + 8 + 3 + 2);
        writer.take();
        expect(writer.pendingBytes).toBe(0);
    });

    it('does not copy a large buffer', () => {
        const value = Buffer.alloc(100_000);
        const writer = new BinaryWriter();
        writer.store(1, 'set', 'key', spec(value), 'outcome');
        expect(writer.take()[1]).toBe(value);
    });
});

describe('BinaryReply', () => {
    /** Returns the reply of this frame, which is alone in a chunk. */
    const decodeOne = (frame: Partial<Frame>, use: (reply: BinaryReply) => void): void => {
        const none = Buffer.alloc(0);
        const all = { status: 0, opaque: 0, cas: 0n, extras: none, key: none, value: none, ...frame };
        const stream = toBytes(all);
        const decoder = new BinaryDecoder(reply => {
            use(reply);
            return true;
        });
        expect(decoder.push(stream, stream.length)).toBeNull();
        expect.hasAssertions();
    };

    it('returns the flags of the value, and 0 without extras', () => {
        decodeOne({ extras: Buffer.from([0, 0, 1, 2]) }, reply => expect(reply.flags).toBe(0x102));
        decodeOne({}, reply => expect(reply.flags).toBe(0));
    });

    it('returns the key, or an empty text without a key', () => {
        decodeOne({ key: Buffer.from('pid'), value: Buffer.from('7') }, reply =>
            expect([reply.key(), reply.text()]).toEqual(['pid', '7']),
        );
        decodeOne({}, reply => expect(reply.key()).toBe(''));
    });

    it.each([
        ['token', true],
        ['tokem', false],
        ['toke', false],
        ['token!', false],
        ['', false],
    ])('compares %j to a part of a text', (value, isEqual) => {
        const extras = Buffer.alloc(4);
        decodeOne({ extras, value: Buffer.from(value) }, reply =>
            expect(reply.valueEquals('p:#token:key', 3, 8)).toBe(isEqual),
        );
    });

    it('reads a counter of 64 bits, and rejects other sizes', () => {
        const value = Buffer.alloc(8, 0xff);
        decodeOne({ value }, reply => expect(reply.counter()).toBe(2n ** 64n - 1n));
        decodeOne({ value: value.subarray(1) }, reply =>
            expect(() => reply.counter()).toThrow('invalid reply: a counter of 7 bytes instead of 8'),
        );
    });

    it('describes its status in hexadecimal', () => {
        decodeOne({ status: Outcome.INVALID }, reply => expect(reply.detail()).toBe('0x04'));
        decodeOne({ status: 0x1234 }, reply => expect(reply.detail()).toBe('0x1234'));
    });
});

it('restores 64 bits from two words', () => {
    fc.assert(
        fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), value => {
            expect(join64(high32(value), low32(value))).toBe(value);
        }),
    );
});
