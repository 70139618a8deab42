import { high32, low32 } from '../../../util/uint64';
import { OVERWRITTEN_CAS } from '../../model/Item';
import { describeForeign } from '../foreignServers';
import { Outcome, type ReplyDecoder } from '../Protocol';
import { Decimal } from './Decimal';
import { Shape, type ExpectedReplies } from './ExpectedReplies';
import { MetaReply } from './MetaReply';
import { firstCharacter, OPAQUE_BYTES, secondCharacter } from './opaqueToken';
import { PartialValue } from './PartialValue';
import {
    describeBytes,
    errorOutcome,
    isText,
    readBlame,
    readWords,
    startsWith,
    storeOutcome,
    type Blame,
} from './textLines';

/** An item is at most 1 GiB (`-I`). */
const MAX_VALUE_BYTES = 1024 * 1024 * 1024;

/** The longest lines are statistics with a path. */
const MAX_LINE_BYTES = 8 * 1024;

/** The memory for a torn line, until it proves too short. */
const TORN_BYTES = 256;

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;

/** The codes of replies, as two bytes. */
const HD = 0x4844;
const VA = 0x5641;
const EN = 0x454e;
const NF = 0x4e46;
const NS = 0x4e53;
const EX = 0x4558;

/** The flags of a reply that the client reads. */
const OPAQUE = 0x4f;
const CAS = 0x63;
const CLIENT_FLAGS = 0x66;

/** Instead of the end of a line. */
const INCOMPLETE = 0;
const INVALID = -1;

/** What is to do after a line. */
const Next = { EMIT: 0, EMIT_PART: 1, READ_VALUE: 2, READ_LINE: 3 } as const;

const NO_OUTCOME = -1;

const EMPTY = Buffer.alloc(0);

/**
 * Splits a stream into replies, wherever its chunks end. Each line must be what the oldest request
 * expects, and carry its opaque unless it is an error or a classic line.
 *
 * A line is parsed before it is known to be complete. Behind the received bytes a buffer holds
 * others, so a verdict counts only when the line feed lies within the received ones.
 */
export class MetaDecoder implements ReplyDecoder {
    private readonly reply = new MetaReply();
    private readonly decimal = new Decimal();
    /** The first bytes of a line that continues in the next chunk. */
    private torn: Buffer = EMPTY;
    private tornBytes = 0;
    /** A value that continues in the next chunk, with the line end behind it. */
    private readonly partial = new PartialValue();
    private next: number = Next.EMIT;
    /** The outcome of the first line of a pair. */
    private pairOutcome: number = NO_OUTCOME;
    private pairWords = '';
    /** Why a line is invalid. */
    private problem: string | null = null;
    private isStopped = false;

    constructor(
        private readonly expected: ExpectedReplies,
        private readonly onReply: (reply: MetaReply) => boolean,
    ) {}

    get target(): Buffer | null {
        return this.partial.target;
    }

    get isInLargeReply(): boolean {
        return this.partial.isLarge;
    }

    filled(count: number): string | null {
        this.partial.filled(count);
        return this.partial.isComplete ? this.completePartial() : null;
    }

    push(chunk: Buffer, length: number): string | null {
        this.isStopped = false;
        let at = 0;
        if (this.partial.isExpected) {
            at = this.partial.collect(chunk, 0, length);
            if (!this.partial.isComplete) return null;
            const problem = this.completePartial();
            if (problem !== null || this.isStopped) return problem;
        }
        if (this.tornBytes > 0) {
            at += this.mend(chunk, at, length);
            const end = this.readLine(this.torn, 0, this.tornBytes);
            if (end <= INCOMPLETE) return this.problem;
            this.tornBytes = 0;
            at = this.proceed(this.torn, chunk, at, length);
        }
        while (at < length && this.problem === null && !this.isStopped) {
            const end = this.readLine(chunk, at, length);
            if (end === INCOMPLETE) {
                this.tear(chunk, at, length);
                return null;
            }
            if (end === INVALID) return this.problem;
            at = this.proceed(chunk, chunk, end, length);
        }
        return this.problem;
    }

    /**
     * Goes on after a line of `lineBuffer`, whose value starts in the chunk. Returns the position
     * after the value.
     */
    private proceed(lineBuffer: Buffer, chunk: Buffer, at: number, length: number): number {
        if (this.next === Next.READ_LINE) return at;
        if (this.next !== Next.READ_VALUE) {
            this.reply.buffer = lineBuffer;
            this.emit();
            return at;
        }
        const end = at + this.reply.valueBytes + 2;
        if (end <= length) {
            this.problem = this.completeValue(chunk, at, false);
            return end;
        }
        this.partial.expect(end - at);
        this.partial.collect(chunk, at, length);
        return length;
    }

    private completePartial(): string | null {
        return (this.problem = this.completeValue(this.partial.take(), 0, true));
    }

    private completeValue(b: Buffer, at: number, owned: boolean): string | null {
        const { reply, decimal } = this;
        const end = at + reply.valueBytes;
        if (b[end] !== CR || b[end + 1] !== LF) return 'invalid reply: a value of another length than announced';
        reply.buffer = b;
        reply.valueAt = at;
        reply.owned = owned;
        if (this.expected.shape === Shape.NUMBER) {
            if (decimal.read(b, at) !== end) return 'invalid reply: a counter that is not a number';
            reply.countHigh = decimal.high;
            reply.countLow = decimal.low;
        }
        this.emit();
        return null;
    }

    private emit(): void {
        const { reply, expected } = this;
        if (this.pairOutcome !== NO_OUTCOME) this.settlePair();
        reply.opaque = expected.opaque;
        if (this.next !== Next.EMIT_PART) expected.remove();
        this.isStopped = !this.onReply(reply);
    }

    /**
     * The CAS belongs to the request if its value is stored. Without the value, another client has
     * changed the item since then. The request has stored nevertheless, so it must not look like one
     * that may be repeated.
     */
    private settlePair(): void {
        const { reply } = this;
        const sent = this.expected.takeValue();
        if (this.pairOutcome !== Outcome.OK) {
            reply.outcome = this.pairOutcome;
            reply.words = this.pairWords;
        } else if (reply.outcome === Outcome.NOT_FOUND || (reply.outcome === Outcome.OK && !this.hasValue(sent))) {
            reply.outcome = Outcome.OK;
            reply.casHigh = high32(OVERWRITTEN_CAS);
            reply.casLow = low32(OVERWRITTEN_CAS);
        }
        if (reply.outcome !== Outcome.OK) reply.casHigh = reply.casLow = 0;
        reply.valueBytes = 0;
        this.pairOutcome = NO_OUTCOME;
    }

    private hasValue(sent: string | Uint8Array): boolean {
        const { buffer, valueAt, valueBytes } = this.reply;
        const bytes = typeof sent === 'string' ? Buffer.from(sent) : sent;
        return bytes.length === valueBytes && buffer.compare(bytes, 0, valueBytes, valueAt, valueAt + valueBytes) === 0;
    }

    /** Returns the position after the line, INCOMPLETE, or INVALID with the problem. */
    private readLine(b: Buffer, at: number, limit: number): number {
        const { shape } = this.expected;
        const isMeta = shape < Shape.STORED_TEXT || (shape === Shape.STORED_PAIR && this.pairOutcome !== NO_OUTCOME);
        this.problem = null;
        const end = isMeta ? this.readMetaLine(b, at, shape) : INCOMPLETE;
        if (end > limit && limit - at < MAX_LINE_BYTES) return INCOMPLETE;
        if (end > INCOMPLETE && end <= limit && end - at <= MAX_LINE_BYTES) return end;
        return this.readTextLine(b, at, limit, shape);
    }

    /** Returns the position after the line, or INCOMPLETE for any other bytes. */
    private readMetaLine(b: Buffer, start: number, shape: number): number {
        const { reply, decimal } = this;
        const code = (b[start]! << 8) | b[start + 1]!;
        let at = start + 2;
        reply.clear();
        switch (code) {
            case HD:
                break;
            case VA:
                if (b[at] !== SPACE) return INCOMPLETE;
                at = decimal.read(b, at + 1);
                if (at < 0 || decimal.high !== 0 || decimal.low > MAX_VALUE_BYTES) return INCOMPLETE;
                reply.valueBytes = decimal.low;
                break;
            case EN:
            case NF:
                reply.outcome = Outcome.NOT_FOUND;
                break;
            case NS:
                reply.outcome = Outcome.NOT_STORED;
                break;
            case EX:
                reply.outcome = Outcome.EXISTS;
                break;
            default:
                return INCOMPLETE;
        }
        const { opaque } = this.expected;
        let hasOpaque = false;
        while (b[at] === SPACE) {
            const flag = b[++at];
            if (flag === OPAQUE) {
                if (b[at + 1] !== firstCharacter(opaque) || b[at + 2] !== secondCharacter(opaque)) return INCOMPLETE;
                hasOpaque = true;
                at += 1 + OPAQUE_BYTES;
            } else if (flag === CAS || flag === CLIENT_FLAGS) {
                at = decimal.read(b, at + 1);
                if (at < 0) return INCOMPLETE;
                if (flag === CAS) {
                    reply.casHigh = decimal.high;
                    reply.casLow = decimal.low;
                } else {
                    if (decimal.high !== 0) return INCOMPLETE;
                    reply.flags = decimal.low;
                }
            } else {
                while (b[at]! > SPACE) at++;
            }
        }
        if (b[at] !== CR || b[at + 1] !== LF || !hasOpaque) return INCOMPLETE;
        const takesValue = shape === Shape.VALUE || shape === Shape.NUMBER || shape === Shape.STORED_PAIR;
        if (reply.outcome === Outcome.OK && (code === VA) !== takesValue) return INCOMPLETE;
        this.next = code === VA ? Next.READ_VALUE : Next.EMIT;
        reply.bodyBytes = at + 2 - start + reply.valueBytes;
        return at + 2;
    }

    private readTextLine(b: Buffer, at: number, limit: number, shape: number): number {
        let lineFeed = at;
        while (lineFeed < limit && b[lineFeed] !== LF) lineFeed++;
        if (lineFeed - at >= MAX_LINE_BYTES)
            return this.reject(`invalid reply: a line of more than ${MAX_LINE_BYTES} bytes`);
        if (!isCapital(b[at]!)) return this.reject(describeBytes(b, at));
        if (lineFeed === limit) return INCOMPLETE;
        const end = lineFeed - 1;
        if (b[end] !== CR) return this.reject('invalid reply: a line that ends without CR');
        this.reply.clear();
        this.reply.bodyBytes = lineFeed + 1 - at;
        this.next = Next.EMIT;
        const blame = readBlame(b, at, end);
        const problem = blame === null ? this.readWord(b, at, end, shape) : this.readError(b, at, end, shape, blame);
        return problem === null ? lineFeed + 1 : this.reject(problem);
    }

    /** Reads a line of a classic command. Returns null, or why it is none. */
    private readWord(b: Buffer, at: number, end: number, shape: number): string | null {
        const { reply } = this;
        switch (shape) {
            case Shape.STORED_TEXT:
            case Shape.STORED_PAIR:
            case Shape.LOGIN: {
                const outcome = storeOutcome(b, at, end);
                if (outcome < 0 || (shape === Shape.STORED_PAIR && this.pairOutcome !== NO_OUTCOME)) break;
                this.storeText(shape, outcome, '');
                return null;
            }
            case Shape.NOOP:
                if (isText(b, at, end, 'MN')) return null;
                break;
            case Shape.FLUSH:
                if (isText(b, at, end, 'OK')) return null;
                break;
            case Shape.VERSION:
                if (!startsWith(b, at, end, 'VERSION ')) break;
                reply.valueAt = at + 8;
                reply.valueBytes = end - reply.valueAt;
                return null;
            case Shape.STATS:
                if (this.readStatistic(b, at, end)) return null;
        }
        if (shape === Shape.NONE) return 'unexpected reply: no request waits for one';
        return describeForeign(b, at) ?? 'unexpected reply: it is not that of the oldest request';
    }

    /** The last line has no key. */
    private readStatistic(b: Buffer, at: number, end: number): boolean {
        const { reply } = this;
        if (isText(b, at, end, 'END') || isText(b, at, end, 'RESET') || isText(b, at, end, 'OK')) return true;
        // ITEM and PREFIX: the lines of `cachedump` and `detail dump`.
        const isStatistic =
            startsWith(b, at, end, 'STAT ') || startsWith(b, at, end, 'ITEM ') || startsWith(b, at, end, 'PREFIX ');
        if (!isStatistic) return false;
        reply.keyAt = b.indexOf(SPACE, at) + 1;
        let keyEnd = reply.keyAt;
        while (keyEnd < end && b[keyEnd] !== SPACE) keyEnd++;
        reply.keyBytes = keyEnd - reply.keyAt;
        reply.valueAt = Math.min(keyEnd + 1, end);
        reply.valueBytes = end - reply.valueAt;
        this.next = Next.EMIT_PART;
        return reply.keyBytes > 0;
    }

    /** Reads an error line. Returns null, or why the connection cannot be used any more. */
    private readError(b: Buffer, at: number, end: number, shape: number, blame: Blame): string | null {
        const words = readWords(b, at, end);
        const hasBody = shape >= Shape.STORED && shape <= Shape.STORED_PAIR;
        if (shape === Shape.NONE) return `unexpected reply: ${words}`;
        const foreign = blame === 'unknown' ? describeForeign(b, at) : null;
        if (foreign !== null) return foreign;
        if (blame === 'unknown' && shape <= Shape.LOGIN) return `the server does not know the meta protocol: ${words}`;
        if (blame === 'client' && hasBody) return `the server cannot read a request: ${words}`;
        const isLogin = shape === Shape.LOGIN && blame === 'client';
        this.storeText(shape, isLogin ? Outcome.AUTH_ERROR : errorOutcome(blame, words), words);
        return null;
    }

    /** The first line of a pair waits for the second. */
    private storeText(shape: number, outcome: number, words: string): void {
        if (shape === Shape.STORED_PAIR && this.pairOutcome === NO_OUTCOME) {
            this.pairOutcome = outcome;
            this.pairWords = words;
            this.next = Next.READ_LINE;
        } else {
            this.reply.outcome = outcome;
            this.reply.words = words;
        }
    }

    private reject(problem: string): number {
        this.problem = problem;
        return INVALID;
    }

    private tear(chunk: Buffer, at: number, length: number): void {
        const count = length - at;
        if (this.torn.length < count) this.torn = Buffer.allocUnsafeSlow(Math.max(TORN_BYTES, count));
        chunk.copy(this.torn, 0, at, length);
        this.tornBytes = count;
    }

    /** Adds bytes to the torn line, up to its end, and returns how many. */
    private mend(chunk: Buffer, at: number, length: number): number {
        const room = Math.min(length, at + MAX_LINE_BYTES);
        let end = at;
        while (end < room && chunk[end] !== LF) end++;
        if (end < room) end++;
        const need = this.tornBytes + end - at;
        if (this.torn.length < need) {
            const larger = Buffer.allocUnsafeSlow(2 * need);
            this.torn.copy(larger, 0, 0, this.tornBytes);
            this.torn = larger;
        }
        chunk.copy(this.torn, this.tornBytes, at, end);
        this.tornBytes = need;
        return end - at;
    }
}

function isCapital(byte: number): boolean {
    return byte >= 0x41 && byte <= 0x5a;
}
