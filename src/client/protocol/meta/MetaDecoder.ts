import type { ReplyDecoder } from '../Protocol';
import * as constants from './constants';
import type { ExpectedReplies } from './ExpectedReplies';
import * as lineReader from './LineReader';
import type { MetaReply } from './MetaReply';
import { PartialValue } from './PartialValue';
import { StorePair } from './StorePair';
import { TornLine } from './TornLine';

const { CR, LF } = constants;
const { INCOMPLETE, INVALID, LineReader, MAX_LINE_BYTES, Next } = lineReader;

/** The result if the receiver wants no further reply, or if there is a problem. */
const STOP = -1;

/** Splits a stream into lines and values, wherever its chunks end. */
export class MetaDecoder implements ReplyDecoder {
    private readonly lines;
    private readonly reply: MetaReply;
    private readonly torn = new TornLine();
    /** A value that continues in the next chunk, and its line end. */
    private readonly partial = new PartialValue();
    private readonly pair = new StorePair();
    private problem: string | null = null;

    constructor(
        private readonly expected: ExpectedReplies,
        private readonly onReply: (reply: MetaReply) => boolean,
    ) {
        this.lines = new LineReader(expected);
        this.reply = this.lines.reply;
    }

    get target(): Buffer | null {
        return this.partial.target;
    }

    get isInLargeReply(): boolean {
        return this.partial.isLarge;
    }

    filled(count: number): string | null {
        this.partial.filled(count);
        if (this.partial.isComplete) this.completePartial();
        return this.problem;
    }

    push(chunk: Buffer, length: number): string | null {
        let at = 0;
        if (this.partial.isExpected) {
            at = this.partial.collect(chunk, 0, length);
            if (!this.partial.isComplete || !this.completePartial()) return this.problem;
        }
        if (this.torn.bytes > 0) {
            at += this.torn.goOn(chunk, at, length, MAX_LINE_BYTES);
            const { buffer, bytes } = this.torn;
            const end = this.lines.read(buffer, 0, bytes);
            if (end === INCOMPLETE) return null;
            if (end === INVALID) return this.lines.problem;
            this.torn.bytes = 0;
            at = this.proceed(buffer, chunk, at, length);
        }
        while (at < length && at !== STOP) {
            const end = this.lines.read(chunk, at, length);
            if (end === INVALID) return this.lines.problem;
            if (end === INCOMPLETE) {
                this.torn.start(chunk, at, length);
                return null;
            }
            at = this.proceed(chunk, chunk, end, length);
        }
        return this.problem;
    }

    /**
     * Continues after a line of `lineBuffer`, whose value starts in the chunk. Returns the position
     * after the value, or STOP.
     */
    private proceed(lineBuffer: Buffer, chunk: Buffer, at: number, length: number): number {
        const { next, reply } = this.lines;
        if (next === Next.READ_VALUE || next === Next.READ_NUMBER) {
            const end = at + reply.valueBytes + 2;
            if (end <= length) return this.completeValue(chunk, at, false) ? end : STOP;
            this.partial.expect(end - at);
            this.partial.collect(chunk, at, length);
            return length;
        }
        if (next === Next.READ_LINE) {
            this.pair.open(reply);
            this.expected.remove();
            return at;
        }
        reply.buffer = lineBuffer;
        return this.emit() ? at : STOP;
    }

    private completePartial(): boolean {
        return this.completeValue(this.partial.take(), 0, true);
    }

    private completeValue(b: Buffer, at: number, owned: boolean): boolean {
        const { reply } = this;
        const end = at + reply.valueBytes;
        if (b[end] !== CR || b[end + 1] !== LF)
            return this.fail('invalid reply: a value of another length than announced');
        reply.buffer = b;
        reply.valueAt = at;
        reply.owned = owned;
        if (this.lines.next === Next.READ_NUMBER && !this.lines.readCount(b, at, end))
            return this.fail('invalid reply: a counter that is not a number');
        return this.emit();
    }

    private emit(): boolean {
        const { reply, expected } = this;
        if (this.pair.isOpen) this.pair.settle(reply, expected.takeValue());
        reply.opaque = expected.opaque;
        if (this.lines.next !== Next.EMIT_PART) expected.remove();
        return this.onReply(reply);
    }

    private fail(problem: string): false {
        this.problem = problem;
        return false;
    }
}
