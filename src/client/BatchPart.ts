import type { LargeValues } from './server/LargeValues';
import type { StoreSpec } from './calls/storeCalls';

const CHUNK_KEYS = 1000;
const CHUNK_BYTES = 256 * 1024;

/** Keys of a batch that are asked for, or stored, together. */
export interface Chunk {
    readonly keys: readonly string[];
    readonly specs: readonly StoreSpec[];
    /** What the values are known to weigh, when they are large; else 0. */
    readonly bytes: number;
}

/** The part of a batch that belongs to one server. It is cut into chunks as it goes. */
export class BatchPart {
    readonly keys: string[] = [];
    readonly specs: StoreSpec[] = [];
    private from = 0;
    private answeredKeys = 0;
    private answeredBytes = 0;

    get hasMore(): boolean {
        return this.from < this.keys.length;
    }

    /** @param largeValues what is known of values that are read; null when none are */
    next(largeValues: LargeValues | null): Chunk {
        const { keys, specs, from } = this;
        const most = Math.min(keys.length, from + CHUNK_KEYS);
        // What the earlier ones weighed is the best guess of what the next ones do.
        const average = this.answeredKeys === 0 ? 0 : this.answeredBytes / this.answeredKeys;
        const isStored = specs.length > 0;
        // The usual batch, of which nothing large is known, is not looked at key by key.
        const isUnknown = !isStored && average === 0 && !largeValues?.hasSizes;
        let bytes = 0;
        let known = 0;
        let to = isUnknown ? most : from;
        for (; to < most && bytes < CHUNK_BYTES; to++) {
            const expected = largeValues?.expectedBytes(keys[to]!) ?? 0;
            known += expected;
            bytes += isStored ? specs[to]!.value.length : Math.max(average, expected);
        }
        this.from = to;
        const isFull = bytes >= CHUNK_BYTES;
        return { keys: keys.slice(from, to), specs: specs.slice(from, to), bytes: isFull ? bytes : known };
    }

    /** What the values of a chunk that was read weighed. */
    recordAnswer(chunk: Chunk, bytes: number): void {
        this.answeredKeys += chunk.keys.length;
        this.answeredBytes += bytes;
    }
}
