import { join64 } from '../../../util/uint64';
import type { Reply } from '../Protocol';

/** A reply: its line, and the value behind it. */
export class MetaReply implements Reply {
    opaque = 0;
    outcome = 0;
    casHigh = 0;
    casLow = 0;
    flags = 0;
    bodyBytes = 0;
    /** A number that is the value of the reply. */
    countHigh = 0;
    countLow = 0;
    /** The bytes of key and value. */
    buffer: Buffer = Buffer.alloc(0);
    keyAt = 0;
    keyBytes = 0;
    valueAt = 0;
    valueBytes = 0;
    /** Whether callers may keep parts of the buffer, because the socket does not reuse it. */
    owned = false;
    /** The server's words for an error. */
    words = '';

    get cas(): bigint {
        return join64(this.casHigh, this.casLow);
    }

    value(): Buffer {
        const { buffer, valueAt } = this;
        const end = valueAt + this.valueBytes;
        if (this.owned) return buffer.subarray(valueAt, end);
        const copy = Buffer.allocUnsafe(this.valueBytes);
        buffer.copy(copy, 0, valueAt, end);
        return copy;
    }

    text(): string {
        return this.buffer.toString('utf8', this.valueAt, this.valueAt + this.valueBytes);
    }

    valueEquals(text: string, start: number, end: number): boolean {
        const { buffer, valueAt, valueBytes } = this;
        if (valueBytes !== end - start) return false;
        for (let i = 0; i < valueBytes; i++) if (buffer[valueAt + i] !== text.charCodeAt(start + i)) return false;
        return true;
    }

    key(): string {
        return this.buffer.toString('utf8', this.keyAt, this.keyAt + this.keyBytes);
    }

    counter(): bigint {
        return join64(this.countHigh, this.countLow);
    }

    detail(): string {
        return this.words;
    }

    /** Forgets all but the opaque, which the decoder sets before it emits. */
    clear(): void {
        this.outcome = 0;
        this.casHigh = 0;
        this.casLow = 0;
        this.flags = 0;
        this.keyBytes = 0;
        this.valueBytes = 0;
        this.owned = false;
        this.words = '';
    }
}
