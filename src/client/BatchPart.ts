import type { Chunk } from './calls/batchCalls';
import type { LargeValues } from './server/LargeValues';
import type { StoreSpec } from './model/StoreSpec';

const MAX_CHUNK_KEYS = 1000;
const MAX_CHUNK_BYTES = 256 * 1024;

/** The keys of a batch that belong to one server. `next` cuts off one chunk at a time. */
export class BatchPart {
    private readonly positions: number[] = [];
    private from = 0;
    private answeredKeys = 0;
    private answeredBytes = 0;

    /** @param specs the values to store under the keys of the batch, null if it stores none */
    constructor(
        private readonly keys: readonly string[],
        private readonly specs: readonly StoreSpec[] | null,
    ) {}

    get hasMore(): boolean {
        return this.from < this.positions.length;
    }

    add(position: number): void {
        this.positions.push(position);
    }

    /** Splits the part by the names that `nameOf` gives to its keys. */
    splitBy(nameOf: (key: string) => string): BatchPart[] {
        const parts = new Map<string, BatchPart>();
        for (const position of this.positions) {
            const name = nameOf(this.keys[position]!);
            const part = parts.get(name) ?? new BatchPart(this.keys, this.specs);
            parts.set(name, part);
            part.add(position);
        }
        return [...parts.values()];
    }

    /** @param largeValues the known sizes of values, null if the call reads no values */
    next(largeValues: LargeValues | null): Chunk {
        const { keys, specs, positions, from } = this;
        const end = Math.min(positions.length, from + MAX_CHUNK_KEYS);
        // The values of earlier chunks predict the size of later ones.
        const average = this.answeredKeys === 0 ? 0 : this.answeredBytes / this.answeredKeys;
        // Most batches have no known sizes, so they need no loop over the keys.
        const isUnknown = specs === null && average === 0 && !largeValues?.hasSizes;
        let bytes = 0;
        let known = 0;
        let to = isUnknown ? end : from;
        for (; to < end && bytes < MAX_CHUNK_BYTES; to++) {
            const position = positions[to]!;
            const expected = largeValues?.expectedBytes(keys[position]!) ?? 0;
            known += expected;
            bytes += specs === null ? Math.max(average, expected) : specs[position]!.value.length;
        }
        this.from = to;
        const isFull = bytes >= MAX_CHUNK_BYTES;
        const chunk = positions.slice(from, to);
        return { keys: chunk.map(position => keys[position]!), positions: chunk, bytes: isFull ? bytes : known };
    }

    /** @param bytes the size of all values of the chunk, 0 if it read none */
    recordAnswer(chunk: Chunk, bytes: number): void {
        this.answeredKeys += chunk.keys.length;
        this.answeredBytes += bytes;
    }
}
