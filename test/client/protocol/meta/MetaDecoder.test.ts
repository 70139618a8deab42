import fc from 'fast-check';
import { OVERWRITTEN_CAS } from '../../../../src/client/model/Item';
import { metaProtocol } from '../../../../src/client/protocol/meta';
import { Outcome, type Reply, type RequestWriter } from '../../../../src/client/protocol/Protocol';

type Request = (writer: RequestWriter, opaque: number) => void;

/** The parts of a reply that the requests below ask for. */
interface Answer {
    opaque: number;
    outcome: number;
    value: string;
    cas: bigint;
    flags: number;
}

interface Decoded {
    answers: Answer[];
    problem: string | null;
    /** The buffers of the values, which the decoder must not write to again. */
    kept: Buffer[];
}

/** Sends the requests with opaques from `first` on, and pushes the stream in pieces. */
function decode(
    requests: readonly Request[],
    stream: Buffer | string,
    cuts: readonly number[] = [],
    first = 1,
): Decoded {
    const bytes = Buffer.from(stream as string, 'latin1');
    const answers: Answer[] = [];
    const kept: Buffer[] = [];
    const { writer, decoder } = metaProtocol.open(reply => {
        answers.push(toAnswer(reply));
        kept.push(reply.value());
        return true;
    });
    requests.forEach((request, i) => request(writer, (first + i) >>> 0));
    const shared = Buffer.alloc(64 * 1024);
    let problem: string | null = null;
    let from = 0;
    for (const to of [...cuts.filter(cut => cut <= bytes.length).sort((a, b) => a - b), bytes.length]) {
        while (from < to && problem === null) {
            const { target } = decoder;
            const count = Math.min(to - from, (target ?? shared).length);
            // Stale bytes that would complete any line.
            shared.fill('9\r\n');
            bytes.copy(target ?? shared, 0, from, from + count);
            problem = target === null ? decoder.push(shared, count) : decoder.filled(count);
            from += count;
        }
    }
    expect(kept.map(value => value.toString('latin1'))).toEqual(answers.map(({ value }) => value));
    return { answers, problem, kept };
}

function toAnswer(reply: Reply): Answer {
    const { opaque, outcome, cas, flags } = reply;
    return { opaque, outcome, value: reply.value().toString('latin1'), cas, flags };
}

/** The two characters of an opaque. */
const token = (opaque: number) => String.fromCharCode(0x30 + ((opaque >>> 6) & 63), 0x30 + (opaque & 63));

const spec = (value: string | Buffer) => ({ value, flagBits: 0, expirySeconds: 0 });
const get: Request = (w, at) => w.get(at, 'key');
const touch: Request = (w, at) => w.touch(at, 'key', 1);
const set: Request = (w, at) => w.store(at, 'set', 'key', spec('v'), 'cas');
const add: Request = (w, at) => w.store(at, 'add', 'key', spec('v'), 'outcome');
const addWithCas: Request = (w, at) => w.store(at, 'add', 'key', spec('mine'), 'cas');
const count: Request = (w, at) => w.count(at, 'increment', 'key', 1n, null, 0);
const noop: Request = (w, at) => w.noop(at);
const version: Request = (w, at) => w.version(at);
const stat: Request = (w, at) => w.stat(at, '');
const flush: Request = (w, at) => w.flush(at);
const login: Request = (w, at) => w.login(at, { username: 'user', password: 'secret' });

/** A request, its reply on the wire, and the content of the reply. */
interface Exchange {
    request: Request;
    toBytes: (opaque: number) => string;
    answer: Omit<Answer, 'opaque'>;
}

const answerOf = (outcome: number, rest: Partial<Answer> = {}) => ({ outcome, value: '', cas: 0n, flags: 0, ...rest });
const anyCas = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const anyValue = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }).map(text => Buffer.from(text).toString('latin1')),
    fc.constantFrom('', '\r\n', 'END\r\n', 'VA 3 O00\r\nabc\r\n', 'v'.repeat(20_000)),
);
const anyExchange: fc.Arbitrary<Exchange> = fc.oneof(
    fc.tuple(anyValue, fc.nat(0xffffffff), anyCas).map(([value, flags, cas]) => ({
        request: get,
        toBytes: (at: number) => `VA ${value.length} f${flags} c${cas} O${token(at)}\r\n${value}\r\n`,
        answer: answerOf(Outcome.OK, { value, cas, flags }),
    })),
    fc.constant({
        request: get,
        toBytes: (at: number) => `EN O${token(at)}\r\n`,
        answer: answerOf(Outcome.NOT_FOUND),
    }),
    fc.constant({
        request: touch,
        toBytes: (at: number) => `HD  s5 O${token(at)} W Z \r\n`,
        answer: answerOf(Outcome.OK),
    }),
    anyCas.map(cas => ({
        request: set,
        toBytes: (at: number) => `HD c${cas} O${token(at)}\r\n`,
        answer: answerOf(Outcome.OK, { cas }),
    })),
    fc.constant({
        request: set,
        toBytes: () => 'SERVER_ERROR object too large for cache\r\n',
        answer: answerOf(Outcome.TOO_LARGE),
    }),
    fc
        .constantFrom(['STORED', Outcome.OK] as const, ['NOT_STORED', Outcome.NOT_STORED] as const)
        .map(([word, outcome]) => ({
            request: add,
            toBytes: () => `${word}\r\n`,
            answer: answerOf(outcome),
        })),
    anyCas.map(cas => ({
        request: addWithCas,
        toBytes: (at: number) => `STORED\r\nVA 4 c${cas} O${token(at)}\r\nmine\r\n`,
        answer: answerOf(Outcome.OK, { cas }),
    })),
    fc.constant({
        request: addWithCas,
        toBytes: (at: number) => `SERVER_ERROR out of memory storing object\r\nVA 6 c7 O${token(at)}\r\ntheirs\r\n`,
        answer: answerOf(Outcome.OUT_OF_MEMORY),
    }),
    anyCas.map(number => ({
        request: count,
        toBytes: (at: number) => `VA ${String(number).length} O${token(at)}\r\n${number}\r\n`,
        answer: answerOf(Outcome.OK, { value: String(number) }),
    })),
    fc.constant({ request: noop, toBytes: () => 'MN\r\n', answer: answerOf(Outcome.OK) }),
    fc.constant({
        request: version,
        toBytes: () => 'VERSION 1.6.18\r\n',
        answer: answerOf(Outcome.OK, { value: '1.6.18' }),
    }),
    fc.constant({ request: flush, toBytes: () => 'OK\r\n', answer: answerOf(Outcome.OK) }),
);
const anyExchanges = fc.array(anyExchange, { minLength: 1, maxLength: 8 });
const anyCuts = fc.array(fc.nat(30_000), { maxLength: 40 });

function expectAnswers(exchanges: readonly Exchange[], cuts: readonly number[], first: number): void {
    const stream = exchanges.map(({ toBytes }, i) => toBytes((first + i) >>> 0)).join('');
    const { answers, problem } = decode(
        exchanges.map(({ request }) => request),
        stream,
        cuts,
        first,
    );
    expect(problem).toBeNull();
    expect(answers).toEqual(exchanges.map(({ answer }, i) => ({ opaque: (first + i) >>> 0, ...answer })));
}

/** Cuts before every byte up to a length. */
const everywhere = (length: number) => Array.from({ length }, (_, i) => i);

/** Returns the buffer, which throws for an index beyond its end. */
function withoutBeyond(buffer: Buffer): Buffer {
    const get = (_: Buffer, name: string | symbol): unknown => {
        if (typeof name === 'string' && Number(name) >= buffer.length) throw new RangeError(`no byte ${name}`);
        const value: unknown = Reflect.get(buffer, name);
        return typeof value === 'function' ? value.bind(buffer) : value;
    };
    return new Proxy(buffer, { get });
}

describe('MetaDecoder', () => {
    it('yields the same replies for all cuts of the stream', () => {
        fc.assert(
            fc.property(anyExchanges, anyCuts, fc.nat(0xffffffff), (exchanges, cuts, first) =>
                expectAnswers(exchanges, cuts, first),
            ),
            { numRuns: 200 },
        );
    });

    it('yields the same replies byte by byte', () => {
        fc.assert(
            fc.property(fc.array(anyExchange, { minLength: 1, maxLength: 3 }), fc.nat(0xffffffff), (exchanges, first) =>
                expectAnswers(exchanges, everywhere(500), first),
            ),
            { numRuns: 50 },
        );
    });

    it('reads no byte beyond the end of a buffer, for all cuts of the stream', () => {
        const stream = Buffer.from(
            `VA 3 f7 c12345678 O${token(1)}\r\nabc\r\nEN O${token(2)}\r\nHD c9 O${token(3)}\r\n`,
        );
        for (const cut of everywhere(stream.length)) {
            const outcomes: number[] = [];
            const { writer, decoder } = metaProtocol.open(({ outcome }) => outcomes.push(outcome) > 0);
            [get, get, set].forEach((request, i) => request(writer, i + 1));
            for (const part of [stream.subarray(0, cut), stream.subarray(cut)]) {
                expect(decoder.push(withoutBeyond(Buffer.from(part)), part.length)).toBeNull();
            }
            expect(outcomes).toEqual([Outcome.OK, Outcome.NOT_FOUND, Outcome.OK]);
        }
    });

    it.each([0, 1, 16 * 1024, 64 * 1024 - 30, 1024 * 1024, 3 * 1024 * 1024])(
        'assembles a value of %i bytes that arrives in chunks of 64 KiB',
        bytes => {
            const value = Buffer.alloc(bytes, 'abc\r\n').toString('latin1');
            const stream = `VA ${bytes} f0 c1 O${token(1)}\r\n${value}\r\nMN\r\n`;
            const cuts = Array.from({ length: Math.floor(stream.length / 65536) }, (_, i) => (i + 1) * 65536);
            const { answers, problem } = decode([get, noop], stream, cuts);
            expect(problem).toBeNull();
            expect(answers[0]!.value === value).toBe(true);
            expect(answers[1]).toMatchObject({ opaque: 2, outcome: Outcome.OK });
        },
    );

    it('reads the rest of a large value into its own buffer', () => {
        const { writer, decoder } = metaProtocol.open(() => true);
        get(writer, 1);
        expect(decoder.target).toBeNull();
        const line = Buffer.from(`VA 50000 f0 c1 O${token(1)}\r\n`);
        decoder.push(line, line.length);
        expect(decoder.isInLargeReply).toBe(true);
        expect(decoder.target!.length).toBe(50_002);
    });

    it('reports a large value without its line end', () => {
        const { writer, decoder } = metaProtocol.open(() => true);
        get(writer, 1);
        const line = Buffer.from(`VA 50000 f0 c1 O${token(1)}\r\n`);
        decoder.push(line, line.length);
        decoder.target!.fill(0x61);
        expect(decoder.filled(50_002)).toBe('invalid reply: a value of another length than announced');
    });

    it('yields each statistic, and a last one without a name', () => {
        const seen: [string, string][] = [];
        const { writer, decoder } = metaProtocol.open(reply => {
            seen.push([reply.key(), reply.text()]);
            return true;
        });
        stat(writer, 1);
        const stream = Buffer.from('STAT pid 7\r\nSTAT path a b\r\nSTAT none\r\nEND\r\n');
        expect(decoder.push(stream, stream.length)).toBeNull();
        expect(seen).toEqual([
            ['pid', '7'],
            ['path', 'a b'],
            ['none', ''],
            ['', ''],
        ]);
    });

    it('does not take the CAS of a value that another client has stored since', () => {
        const other = decode([addWithCas], `STORED\r\nVA 6 c7 O${token(1)}\r\ntheirs\r\n`);
        expect(other.answers).toEqual([{ opaque: 1, ...answerOf(Outcome.OK, { cas: OVERWRITTEN_CAS }) }]);
        const gone = decode([addWithCas], `STORED\r\nEN O${token(1)}\r\n`);
        expect(gone.answers).toEqual([{ opaque: 1, ...answerOf(Outcome.OK, { cas: OVERWRITTEN_CAS }) }]);
    });

    it('compares the value as sent, even if the caller has changed it since', () => {
        const value = Buffer.from('mine');
        const { writer, decoder } = metaProtocol.open(reply => {
            expect(reply.cas).toBe(7n);
            return true;
        });
        writer.store(1, 'add', 'key', spec(value), 'cas');
        value.fill('x');
        const stream = Buffer.from(`STORED\r\nVA 4 c7 O${token(1)}\r\nmine\r\n`);
        expect(decoder.push(stream, stream.length)).toBeNull();
        expect.assertions(2);
    });

    it.each([
        [count, 'CLIENT_ERROR cannot increment or decrement non-numeric value', Outcome.NOT_A_NUMBER],
        [get, 'CLIENT_ERROR unauthenticated', Outcome.AUTH_ERROR],
        [get, 'SERVER_ERROR out of memory writing get response', Outcome.OUT_OF_MEMORY],
        [get, 'SERVER_ERROR backend failure', Outcome.BACKEND_LOST],
        [get, 'SERVER_ERROR lua failure', Outcome.INTERNAL],
        [get, 'CLIENT_ERROR bad command line format', Outcome.INVALID],
        [stat, 'ERROR', Outcome.UNKNOWN_COMMAND],
        [flush, 'ERROR', Outcome.UNKNOWN_COMMAND],
        [flush, 'CLIENT_ERROR flush_all not allowed', Outcome.AUTH_ERROR],
        [login, 'STORED', Outcome.OK],
        [login, 'CLIENT_ERROR authentication failure', Outcome.AUTH_ERROR],
    ] as const)('reads the outcome of an error, %#: %s', (request, line, outcome) => {
        let detail = '';
        const { writer, decoder } = metaProtocol.open(reply => {
            expect(reply.outcome).toBe(outcome);
            detail = reply.detail();
            return true;
        });
        request(writer, 1);
        const stream = Buffer.from(`${line}\r\n`);
        expect(decoder.push(stream, stream.length)).toBeNull();
        expect(detail).toBe(outcome === Outcome.OK ? '' : line);
    });

    it('tells replies apart whose requests skip opaques', () => {
        const answers: number[] = [];
        const { writer, decoder } = metaProtocol.open(reply => {
            answers.push(reply.opaque);
            return true;
        });
        set(writer, 5);
        set(writer, 9);
        const stream = Buffer.from(`SERVER_ERROR out of memory storing object\r\nHD c1 O${token(9)}\r\n`);
        expect(decoder.push(stream, stream.length)).toBeNull();
        expect(answers).toEqual([5, 9]);
    });

    it('expects no reply to a request after a rollback', () => {
        const { writer, decoder } = metaProtocol.open(() => true);
        writer.mark();
        addWithCas(writer, 1);
        writer.rollBack();
        addWithCas(writer, 1);
        const stream = Buffer.from(`STORED\r\nVA 4 c7 O${token(1)}\r\nmine\r\nHD O00\r\n`);
        expect(decoder.push(stream, stream.length)).toBe('unexpected reply: no request is pending');
    });

    it('keeps the order of more requests than its list has room for at first', () => {
        const many = Array.from({ length: 1000 }, () => get);
        const stream = many.map((_, i) => `EN O${token(i + 1)}\r\n`).join('');
        const { answers, problem } = decode(many, stream, [70, 71, 4000]);
        expect(problem).toBeNull();
        expect(answers.map(({ opaque }) => opaque)).toEqual(many.map((_, i) => i + 1));
    });

    const next = 'unexpected reply: expected the reply to the oldest request';
    const invalid = 'invalid reply:';
    it.each<[string, Request, string, string]>([
        ['another opaque', get, `VA 1 f0 c1 O${token(2)}\r\nx\r\n`, next],
        ['no opaque', get, 'VA 1 f0 c1\r\nx\r\n', next],
        ['a longer opaque', get, `EN O${token(1)}0\r\n`, next],
        ['a shorter opaque', get, 'EN O0\r\n', next],
        ['a miss of the classic protocol', get, 'END\r\n', next],
        ['a hit of the classic protocol', get, 'VALUE key 0 1\r\nx\r\n', next],
        ['a hit without a value', get, `HD O${token(1)}\r\n`, next],
        ['a value for a touch', touch, `VA 1 O${token(1)}\r\nx\r\n`, next],
        ['a value for a store', set, `VA 1 O${token(1)}\r\nx\r\n`, next],
        ['a negative length', get, `VA -1 f0 c1 O${token(1)}\r\n`, next],
        ['no length', get, `VA  f0 c1 O${token(1)}\r\n`, next],
        ['a length that is not a number', get, `VA 1x f0 c1 O${token(1)}\r\nx\r\n`, next],
        ['a length of more than 1 GiB', get, `VA 1073741825 f0 c1 O${token(1)}\r\n`, next],
        ['a length of more than 32 bits', get, `VA 4294967296 f0 c1 O${token(1)}\r\n`, next],
        ['a length of more than 64 bits', get, `VA 18446744073709551616 f0 c1 O${token(1)}\r\n`, next],
        ['a CAS of more than 64 bits', get, `VA 1 f0 c18446744073709551616 O${token(1)}\r\nx\r\n`, next],
        ['a negative CAS', get, `VA 1 f0 c-1 O${token(1)}\r\nx\r\n`, next],
        ['flags of more than 32 bits', get, `VA 1 f4294967296 c1 O${token(1)}\r\nx\r\n`, next],
        ['a number with a tail', get, `VA 1 f0x c1 O${token(1)}\r\nx\r\n`, next],
        [
            'a shorter value',
            get,
            `VA 2 f0 c1 O${token(1)}\r\nx\r\n\r\n`,
            `${invalid} a value of another length than announced`,
        ],
        [
            'a longer value',
            get,
            `VA 1 f0 c1 O${token(1)}\r\nxyz\r\n`,
            `${invalid} a value of another length than announced`,
        ],
        [
            'a counter that is a text',
            count,
            `VA 4 O${token(1)}\r\ntext\r\n`,
            `${invalid} a counter that is not a number`,
        ],
        ['a counter with a tail', count, `VA 2 O${token(1)}\r\n9 \r\n`, `${invalid} a counter that is not a number`],
        ['an empty counter', count, `VA 0 O${token(1)}\r\n\r\n`, `${invalid} a counter that is not a number`],
        [
            'a counter of 65 bits',
            count,
            `VA 20 O${token(1)}\r\n18446744073709551616\r\n`,
            `${invalid} a counter that is not a number`,
        ],
        ['a line without CR', get, `EN O${token(1)}\n`, `${invalid} a line that ends without CR`],
        ['an empty line', get, '\r\n', `${invalid} a line that starts with byte 0x0d`],
        ['a reply of the binary protocol', get, '\x81\0', 'the server answers in the binary protocol instead of text'],
        ['a TLS alert', get, '\x15\x03', 'the server answers in TLS, but the connection does not use TLS'],
        ['lower case', get, 'hello', `${invalid} a line that starts with byte 0x68`],
        ['a meta reply to a classic store', add, `HD O${token(1)}\r\n`, next],
        ['a second STORED', addWithCas, 'STORED\r\nSTORED\r\n', next],
        ['no first line of a pair', addWithCas, `VA 4 c7 O${token(1)}\r\nmine\r\n`, next],
        ['a pair with another opaque', addWithCas, `STORED\r\nVA 4 c7 O${token(2)}\r\nmine\r\n`, next],
        ['OK to a NOOP', noop, 'OK\r\n', next],
        ['MN to a get', get, 'MN\r\n', next],
        ['a statistic without a name', stat, 'STAT  x\r\n', next],
        ['another line among statistics', stat, `EN O${token(1)}\r\n`, next],
        ['an unknown meta command', get, 'ERROR\r\n', 'the server does not know the meta protocol: ERROR'],
        [
            'a store that the server cannot read',
            set,
            'CLIENT_ERROR bad data chunk\r\n',
            'the server cannot read a request: CLIENT_ERROR bad data chunk',
        ],
        [
            'a classic store that the server cannot read',
            add,
            'CLIENT_ERROR bad data chunk\r\n',
            'the server cannot read a request: CLIENT_ERROR bad data chunk',
        ],
    ])('reports %s, for all cuts of the stream', (_, request, stream, problem) => {
        for (const cuts of [[], everywhere(stream.length)]) {
            const decoded = decode([request, get], stream, cuts);
            expect(decoded.problem).toBe(problem);
            expect(decoded.answers).toEqual([]);
        }
    });

    it('reports a line that never ends', () => {
        const problem = `${invalid} a line of more than 8192 bytes`;
        for (const line of [`EN O${token(1)} ${'x'.repeat(9000)}`, 'X'.repeat(9000), `HD${' '.repeat(9000)}`]) {
            expect(decode([get], line).problem).toBe(problem);
            expect(decode([get], `${line}\r\n`).problem).toBe(problem);
            expect(
                decode(
                    [get],
                    line,
                    everywhere(9000).filter(at => at % 100 === 0),
                ).problem,
            ).toBe(problem);
        }
    });

    it('reports a reply that no request expects', () => {
        const { decoder } = metaProtocol.open(() => true);
        const line = Buffer.from('ERROR Too many open connections\r\n');
        expect(decoder.push(line, line.length)).toBe('unexpected reply: ERROR Too many open connections');
    });

    it('decodes no further reply when its receiver wants none', () => {
        let seen = 0;
        const { writer, decoder } = metaProtocol.open(() => ++seen < 2);
        for (let i = 1; i <= 3; i++) get(writer, i);
        const stream = Buffer.from([1, 2, 3].map(at => `EN O${token(at)}\r\n`).join(''));
        expect(decoder.push(stream, stream.length)).toBeNull();
        expect(seen).toBe(2);
    });

    const requests = [get, set, add, addWithCas, count, touch, noop, version, stat, flush, login];

    it('never throws on garbage, and emits no reply with another opaque', () => {
        const tokens = [
            'HD',
            'VA 1',
            'VA',
            'EN',
            'NS',
            'EX',
            'MN',
            'OK',
            'STORED',
            'STAT a b',
            'ERROR',
            'x',
            ' ',
            '-1',
        ];
        const piece = fc.oneof(
            fc.constantFrom(
                ...tokens,
                '\r\n',
                ` O${token(1)}`,
                ` O${token(2)}`,
                ' f0',
                ' c1',
                ' c99999999999999999999',
            ),
            fc.string({ unit: 'binary', maxLength: 5 }),
        );
        fc.assert(
            fc.property(
                fc.array(fc.constantFrom(...requests), { maxLength: 4 }),
                fc.array(piece, { maxLength: 20 }),
                anyCuts,
                (sent, pieces, cuts) => {
                    const { answers } = decode(sent, Buffer.from(pieces.join('')), cuts);
                    const opaques = answers.map(({ opaque }) => opaque);
                    expect(opaques).toEqual([...opaques].sort((a, b) => a - b));
                    expect(opaques.every(opaque => opaque >= 1 && opaque <= sent.length)).toBe(true);
                },
            ),
            { numRuns: 1000 },
        );
    });

    it('allocates little memory for an announced value', () => {
        const allocate = jest.spyOn(Buffer, 'allocUnsafeSlow');
        try {
            const { writer, decoder } = metaProtocol.open(() => true);
            allocate.mockClear();
            get(writer, 1);
            const line = Buffer.from(`VA 1073741824 f0 c1 O${token(1)}\r\n`);
            expect(decoder.push(line, line.length)).toBeNull();
            expect(decoder.target!.length).toBeLessThanOrEqual(1024 * 1024 + 4096);
            expect(allocate.mock.calls.reduce((sum, [size]) => sum + size, 0)).toBeLessThanOrEqual(1024 * 1024 + 4096);
        } finally {
            allocate.mockRestore();
        }
    });

    it('reports a lost or additional reply, whatever the requests', () => {
        const replies = Array.from({ length: 8 }, (_, i) => `VA 1 f0 c1 O${token(i + 1)}\r\n${i}\r\n`);
        const gets = replies.map(() => get);
        for (let i = 0; i < replies.length; i++) {
            const isOwn = ({ answers }: Decoded) => answers.every(({ opaque, value }) => value === String(opaque - 1));
            const lost = decode(gets, replies.filter((_, at) => at !== i).join(''));
            expect(isOwn(lost)).toBe(true);
            if (i < replies.length - 1) expect(lost.problem).toBe(next);
            const twice = decode(gets, replies.flatMap((reply, at) => (at === i ? [reply, reply] : reply)).join(''));
            expect(isOwn(twice)).toBe(true);
            expect(twice.problem).not.toBeNull();
        }
    });
});
