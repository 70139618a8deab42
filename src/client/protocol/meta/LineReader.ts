import { describeForeign } from '../foreignServers';
import { Outcome } from '../Protocol';
import * as constants from './constants';
import { Decimal } from './Decimal';
import { Shape, type ExpectedReplies } from './ExpectedReplies';
import { MetaReply } from './MetaReply';

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

const { Code, CR, Flag, LF, SPACE, tokenOf } = constants;

/** An item is at most 1 GiB (`-I`). */
const MAX_VALUE_BYTES = 1024 * 1024 * 1024;

/** The longest lines are statistics with a path. */
export const MAX_LINE_BYTES = 8 * 1024;

/** The longest meta line, with all digits of a length, client flags and CAS, and an opaque. */
const META_LINE_BYTES = 64;

/** The result for a line whose end has not arrived. */
export const INCOMPLETE = 0;
export const INVALID = -1;

const NO_META_LINE = 0;

/** The next step after a line. */
export const Next = {
    EMIT: 0,
    /** Emit the reply, and expect another line for the same request. */
    EMIT_PART: 1,
    READ_VALUE: 2,
    READ_NUMBER: 3,
    READ_LINE: 4,
} as const;

/**
 * Reads lines into a reply. Each line must have the shape that the oldest request expects. It must
 * carry the opaque of that request, unless it is an error or a classic line.
 */
export class LineReader {
    readonly reply = new MetaReply();
    private readonly decimal = new Decimal();
    next: number = Next.EMIT;
    /** The reason why a line is invalid. */
    problem = '';

    constructor(private readonly expected: ExpectedReplies) {}

    /**
     * Reads the line at a position of the `limit` bytes received. Returns the position after it,
     * INCOMPLETE, or INVALID with the problem.
     *
     * It parses a line before it knows whether the line is complete. So its result counts only if
     * the line ends within the limit. It must never read beyond the end of a buffer, because then
     * V8 reads all later bytes by slower code.
     */
    read(b: Buffer, at: number, limit: number): number {
        const { shape } = this.expected;
        if (shape <= Shape.LAST_META && (limit - at >= META_LINE_BYTES || hasLineFeed(b, at, limit))) {
            const end = this.readMetaLine(b, at, shape);
            if (end !== NO_META_LINE && end <= limit && end - at <= MAX_LINE_BYTES) return end;
        }
        return this.readTextLine(b, at, limit, shape);
    }

    /** Reads a number that is the whole value. Returns whether the value is a number. */
    readCount(b: Buffer, at: number, end: number): boolean {
        const { reply, decimal } = this;
        if (decimal.read(b, at) !== end) return false;
        reply.countHigh = decimal.high;
        reply.countLow = decimal.low;
        return true;
    }

    private readMetaLine(b: Buffer, start: number, shape: number): number {
        const { reply, decimal } = this;
        const code = (b[start]! << 8) | b[start + 1]!;
        let at = start + 2;
        reply.clear();
        switch (code) {
            case Code.HD:
                break;
            case Code.VA:
                if (b[at] !== SPACE) return NO_META_LINE;
                at = decimal.read(b, at + 1);
                if (at < 0 || decimal.high !== 0 || decimal.low > MAX_VALUE_BYTES) return NO_META_LINE;
                reply.valueBytes = decimal.low;
                break;
            case Code.EN:
            case Code.NF:
                reply.outcome = Outcome.NOT_FOUND;
                break;
            case Code.NS:
                reply.outcome = Outcome.NOT_STORED;
                break;
            case Code.EX:
                reply.outcome = Outcome.EXISTS;
                break;
            default:
                return NO_META_LINE;
        }
        let hasOpaque = false;
        while (b[at] === SPACE) {
            const flag = b[++at];
            if (flag === Flag.OPAQUE) {
                if (((b[at + 1]! << 8) | b[at + 2]!) !== tokenOf(this.expected.opaque)) return NO_META_LINE;
                hasOpaque = true;
                at += 3;
            } else if (flag === Flag.CAS || flag === Flag.CLIENT_FLAGS) {
                at = decimal.read(b, at + 1);
                if (at < 0) return NO_META_LINE;
                if (flag === Flag.CAS) {
                    reply.casHigh = decimal.high;
                    reply.casLow = decimal.low;
                } else {
                    if (decimal.high !== 0) return NO_META_LINE;
                    reply.flags = decimal.low;
                }
            } else {
                while (b[at]! > SPACE) at++;
            }
        }
        if (b[at] !== CR || b[at + 1] !== LF || !hasOpaque) return NO_META_LINE;
        const hasValue = code === Code.VA;
        if (reply.outcome === Outcome.OK && hasValue !== shape <= Shape.LAST_WITH_VALUE) return NO_META_LINE;
        this.next = !hasValue ? Next.EMIT : shape === Shape.NUMBER ? Next.READ_NUMBER : Next.READ_VALUE;
        const end = at + 2;
        reply.bodyBytes = end - start + reply.valueBytes;
        return end;
    }

    /** Reads any other line: a classic reply, an error, or a line that no request expects. */
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
        this.next = shape === Shape.STORED_OF_PAIR ? Next.READ_LINE : Next.EMIT;
        const blame = readBlame(b, at, end);
        const problem = blame === null ? this.readWord(b, at, end, shape) : this.readError(b, at, end, shape, blame);
        return problem === null ? lineFeed + 1 : this.reject(problem);
    }

    /** Reads a line of a classic command. Returns null, or the problem of another line. */
    private readWord(b: Buffer, at: number, end: number, shape: number): string | null {
        const { reply } = this;
        switch (shape) {
            case Shape.STORED_TEXT:
            case Shape.STORED_OF_PAIR:
            case Shape.LOGIN:
                reply.outcome = storeOutcome(b, at, end);
                if (reply.outcome >= 0) return null;
                break;
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
        if (shape === Shape.NONE) return 'unexpected reply: no request is pending';
        return describeForeign(b, at) ?? 'unexpected reply: expected the reply to the oldest request';
    }

    /** Reads a statistic. The last line has no key. */
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

    /** Reads an error line. Returns null, or the reason why the connection is unusable. */
    private readError(b: Buffer, at: number, end: number, shape: number, blame: Blame): string | null {
        const { reply } = this;
        const words = readWords(b, at, end);
        const hasBody = shape >= Shape.STORED && shape <= Shape.STORED_OF_PAIR;
        if (shape === Shape.NONE) return `unexpected reply: ${words}`;
        const foreign = blame === 'unknown' ? describeForeign(b, at) : null;
        if (foreign !== null) return foreign;
        if (blame === 'unknown' && shape <= Shape.LOGIN) return `the server does not know the meta protocol: ${words}`;
        if (blame === 'client' && hasBody) return `the server cannot read a request: ${words}`;
        const isLogin = shape === Shape.LOGIN && blame === 'client';
        reply.outcome = isLogin ? Outcome.AUTH_ERROR : errorOutcome(blame, words);
        reply.words = words;
        return null;
    }

    private reject(problem: string): number {
        this.problem = problem;
        return INVALID;
    }
}

function hasLineFeed(b: Buffer, at: number, limit: number): boolean {
    for (let i = at; i < limit; i++) if (b[i] === LF) return true;
    return false;
}

function isCapital(byte: number): boolean {
    return byte >= 0x41 && byte <= 0x5a;
}
