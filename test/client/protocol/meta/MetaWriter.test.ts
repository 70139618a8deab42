import fc from 'fast-check';
import { ExpectedReplies, Shape } from '../../../../src/client/protocol/meta/ExpectedReplies';
import { MetaWriter } from '../../../../src/client/protocol/meta/MetaWriter';
import { high32, low32 } from '../../../../src/util/uint64';

/** A request on the wire: its tokens, and its value if it has one. */
interface Command {
    tokens: string[];
    value: string | null;
}

const WITH_VALUE = ['ms', 'set', 'add', 'replace', 'append', 'prepend', 'cas'];

/** Parses commands as memcached does. */
function read(stream: Buffer): Command[] {
    const commands: Command[] = [];
    for (let at = 0; at < stream.length;) {
        const end = stream.indexOf('\r\n', at);
        const tokens = stream.toString('utf8', at, end).split(' ');
        at = end + 2;
        let value: string | null = null;
        if (WITH_VALUE.includes(tokens[0]!)) {
            const length = Number(tokens[tokens[0] === 'ms' ? 2 : 4]);
            value = stream.toString('latin1', at, at + length);
            at += length;
            expect(stream.toString('latin1', at, at + 2)).toBe('\r\n');
            at += 2;
        }
        commands.push({ tokens, value });
    }
    return commands;
}

/** A request, and the lines that it must write. `<n>` stands for the length of the value. */
interface Sample {
    write: (writer: MetaWriter, opaque: number) => void;
    opaque: number;
    lines: string[];
    value: string | Buffer | null;
}

const anyKey = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
    .map(text => text.replaceAll(/\s|\p{C}/gu, '_'));
const anyWord = fc.nat(0xffffffff);
const any64 = fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
const anyValue = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.constantFrom('€', '€'.repeat(4), '€'.repeat(34), '\r\n'),
    fc.uint8Array({ maxLength: 200 }).map(array => Buffer.from(array)),
    fc.integer({ min: 3000, max: 90_000 }).map(size => '€'.repeat(size / 3)),
    fc.integer({ min: 4000, max: 90_000 }).map(size => Buffer.alloc(size, size)),
);
const anyArguments = fc.record({
    opaque: anyWord,
    key: anyKey,
    value: anyValue,
    flagBits: anyWord,
    seconds: anyWord,
    cas: any64,
    other: any64,
});
type Arguments = typeof anyArguments extends fc.Arbitrary<infer T> ? T : never;

const words = (value: bigint) => [high32(value), low32(value)] as const;
const token = (opaque: number) => `O${String.fromCharCode(0x30 + ((opaque >>> 6) & 63), 0x30 + (opaque & 63))}`;
const clamp = (seconds: number) => Math.min(seconds, 0x7fffffff);

const samplers: Record<string, (one: Arguments) => Omit<Sample, 'opaque'>> = {
    get: ({ opaque, key }) => line(`mg ${key} v f c ${token(opaque)}`, (w, at) => w.get(at, key)),
    getAndTouch: ({ opaque, key, seconds }) =>
        line(`mg ${key} v f c T${clamp(seconds)} ${token(opaque)}`, (w, at) => w.getAndTouch(at, key, seconds)),
    touch: ({ opaque, key, seconds }) =>
        line(`mg ${key} T${clamp(seconds)} ${token(opaque)}`, (w, at) => w.touch(at, key, seconds)),
    set: store('set', 'outcome', ({ opaque, key, flagBits, seconds }) => [
        `ms ${key} <n>${flagBits ? ` F${flagBits}` : ''}${seconds ? ` T${clamp(seconds)}` : ''} ${token(opaque)}`,
    ]),
    'set, with its CAS': store('set', 'cas', ({ opaque, key, flagBits, seconds }) => [
        `ms ${key} <n>${flagBits ? ` F${flagBits}` : ''}${seconds ? ` T${clamp(seconds)}` : ''} c ${token(opaque)}`,
    ]),
    'set, quiet': store('set', 'error', ({ opaque, key, flagBits, seconds }) => [
        `ms ${key} <n>${flagBits ? ` F${flagBits}` : ''}${seconds ? ` T${clamp(seconds)}` : ''} ${token(opaque)}`,
    ]),
    add: store('add', 'outcome', ({ key, flagBits, seconds }) => [`add ${key} ${flagBits} ${clamp(seconds)} <n>`]),
    'add, with its CAS': store('add', 'cas', ({ opaque, key, flagBits, seconds }) => [
        `add ${key} ${flagBits} ${clamp(seconds)} <n>`,
        `mg ${key} v c ${token(opaque)}`,
    ]),
    replace: store('replace', 'outcome', ({ key, flagBits, seconds }) => [
        `replace ${key} ${flagBits} ${clamp(seconds)} <n>`,
    ]),
    compareAndStore: ({ opaque, key, value, flagBits, seconds, cas }) => ({
        lines: [`cas ${key} ${flagBits} ${clamp(seconds)} <n> ${cas}`, `mg ${key} v c ${token(opaque)}`],
        value,
        write: (w, at) => w.compareAndStore(at, key, { value, flagBits, expirySeconds: seconds }, ...words(cas)),
    }),
    append: ({ key, value }) => ({
        lines: [`append ${key} 0 0 <n>`],
        value,
        write: (w, at) => w.concat(at, 'append', key, value),
    }),
    prepend: ({ key, value }) => ({
        lines: [`prepend ${key} 0 0 <n>`],
        value,
        write: (w, at) => w.concat(at, 'prepend', key, value),
    }),
    delete: ({ opaque, key }) => line(`md ${key} ${token(opaque)}`, (w, at) => w.delete(at, key)),
    compareAndDelete: ({ opaque, key, cas }) =>
        line(`md ${key} C${cas} ${token(opaque)}`, (w, at) => w.compareAndDelete(at, key, ...words(cas))),
    increment: ({ opaque, key, cas, other, seconds }) =>
        line(`ma ${key} v MI D${cas} J${other} N${clamp(seconds)} ${token(opaque)}`, (w, at) =>
            w.count(at, 'increment', key, cas, other, seconds),
        ),
    'decrement, without creating it': ({ opaque, key, cas, seconds }) =>
        line(`ma ${key} v MD D${cas} ${token(opaque)}`, (w, at) => w.count(at, 'decrement', key, cas, null, seconds)),
    noop: ({ opaque }) => line(`mn ${token(opaque)}`, (w, at) => w.noop(at)),
    version: () => line('version', (w, at) => w.version(at)),
    stat: () => line('stats', (w, at) => w.stat(at, '')),
    'stat, a group': () => line('stats cachedump 1 2', (w, at) => w.stat(at, 'cachedump 1 2')),
    flush: () => line('flush_all', (w, at) => w.flush(at)),
    login: ({ key }) => ({
        lines: ['set login 0 -1 <n>'],
        value: `${key} pass word\r\n`,
        write: (w, at) => w.login(at, { username: key, password: 'pass word\r\n' }),
    }),
};

function line(text: string, write: Sample['write']): Omit<Sample, 'opaque'> {
    return { lines: [text], value: null, write };
}

function store(
    mode: 'set' | 'add' | 'replace',
    reply: 'error' | 'outcome' | 'cas',
    lines: (one: Arguments) => string[],
): (one: Arguments) => Omit<Sample, 'opaque'> {
    return one => ({
        lines: lines(one),
        value: one.value,
        write: (w, at) =>
            w.store(at, mode, one.key, { value: one.value, flagBits: one.flagBits, expirySeconds: one.seconds }, reply),
    });
}

const anySample: fc.Arbitrary<Sample> = fc
    .tuple(fc.constantFrom(...Object.values(samplers)), anyArguments)
    .map(([sampler, one]) => ({ opaque: one.opaque, ...sampler(one) }));

function asRead({ lines, value }: Sample): Command[] {
    return lines.map((text, i) => {
        const bytes = value === null || i > 0 ? null : Buffer.from(value as string);
        return {
            tokens: text.replace('<n>', String(bytes?.length)).split(' '),
            value: bytes?.toString('latin1') ?? null,
        };
    });
}

const createWriter = () => new MetaWriter(new ExpectedReplies());
const writeAll = (writer: MetaWriter, samples: readonly Sample[]): void => {
    for (const { write, opaque } of samples) write(writer, opaque);
};

describe('MetaWriter', () => {
    it.each(Object.entries(samplers))('writes %s', (_, sampler) => {
        fc.assert(
            fc.property(anyArguments, one => {
                const writer = createWriter();
                const sample = { opaque: one.opaque, ...sampler(one) };
                writeAll(writer, [sample]);
                const { pendingBytes } = writer;
                const stream = Buffer.concat(writer.take());
                expect(read(stream)).toEqual(asRead(sample));
                expect(pendingBytes).toBe(stream.length);
            }),
            { numRuns: 40 },
        );
    });

    it('writes requests that a parser reads unchanged', () => {
        fc.assert(
            fc.property(fc.array(anySample, { maxLength: 12 }), samples => {
                const writer = createWriter();
                writeAll(writer, samples);
                expect(read(Buffer.concat(writer.take()))).toEqual(samples.flatMap(asRead));
            }),
        );
    });

    it('does not reuse taken buffers before recycle', () => {
        const anyTurn = fc.tuple(fc.array(anySample, { maxLength: 4 }), fc.boolean());
        fc.assert(
            fc.property(fc.array(anyTurn, { maxLength: 8 }), turns => {
                const writer = createWriter();
                let taken: { parts: Uint8Array[]; samples: Sample[] }[] = [];
                for (const [samples, hasLeft] of turns) {
                    writeAll(writer, samples);
                    taken.push({ parts: writer.take(), samples });
                    for (const turn of taken) {
                        expect(read(Buffer.concat(turn.parts))).toEqual(turn.samples.flatMap(asRead));
                    }
                    if (!hasLeft) continue;
                    taken = [];
                    writer.recycle();
                }
            }),
            { numRuns: 50 },
        );
    });

    it('removes the requests written since the mark, and the replies to them', () => {
        const some = fc.array(anySample, { maxLength: 4 });
        fc.assert(
            fc.property(some, some, some, (before, removed, after) => {
                const expected = new ExpectedReplies();
                const writer = new MetaWriter(expected);
                writeAll(writer, before);
                const { pendingBytes } = writer;
                writer.mark();
                writeAll(writer, removed);
                writer.rollBack();
                expect(writer.pendingBytes).toBe(pendingBytes);
                writeAll(writer, after);
                expect(read(Buffer.concat(writer.take()))).toEqual([...before, ...after].flatMap(asRead));
                const sent = [...before, ...after].flatMap(({ opaque, lines }) => lines.map(() => opaque));
                for (const opaque of sent) {
                    expect(expected.opaque).toBe(opaque);
                    expected.remove();
                }
                expect(expected.shape).toBe(Shape.NONE);
            }),
        );
    });

    it('does not copy a large buffer', () => {
        const value = Buffer.alloc(100_000);
        const writer = createWriter();
        writer.store(1, 'set', 'key', { value, flagBits: 0, expirySeconds: 0 }, 'outcome');
        expect(writer.take()[1]).toBe(value);
    });

    it.each(['a\r\nflush_all', 'a\nb', '\0'])('rejects the group of statistics %j', group => {
        expect(() => createWriter().stat(1, group)).toThrow('invalid group of statistics');
    });

    it('rejects a user name with a space, which would end the name', () => {
        expect(() => createWriter().login(1, { username: 'a b', password: 'c' })).toThrow(
            'invalid user name for the meta protocol',
        );
    });
});
