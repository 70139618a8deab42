import type { LargeValues } from './server/LargeValues';
import type { StoreSpec } from './model/StoreSpec';

const MAX_CHUNK_KEYS = 1000;
const MAX_CHUNK_BYTES = 256 * 1024;

/** Keys of a batch that one call reads, stores or deletes. */
export interface Chunk {
    readonly keys: readonly string[];
    readonly specs: readonly StoreSpec[];
    /** The expected size of the values if they are large, else 0. */
    readonly bytes: number;
}

/** The keys of a batch that belong to one server. `next` cuts off one chunk at a time. */
export class BatchPart {
    readonly keys: string[] = [];
    readonly specs: StoreSpec[] = [];
    private from = 0;
    private answeredKeys = 0;
    private answeredBytes = 0;

    get hasMore(): boolean {
        return this.from < this.keys.length;
    }

    add(key: string, spec: StoreSpec | undefined): void {
        this.keys.push(key);
        if (spec !== undefined) this.specs.push(spec);
    }

    /** Splits the part by the names that `nameOf` gives to its keys. */
    splitBy(nameOf: (key: string) => string): BatchPart[] {
        const parts = new Map<string, BatchPart>();
        this.keys.forEach((key, i) => {
            const name = nameOf(key);
            const part = parts.get(name) ?? new BatchPart();
            parts.set(name, part);
            part.add(key, this.specs[i]);
        });
        return [...parts.values()];
    }

    /** @param largeValues the known sizes of values, null if the call reads no values */
    next(largeValues: LargeValues | null): Chunk {
        const { keys, specs, from } = this;
        const end = Math.min(keys.length, from + MAX_CHUNK_KEYS);
        // The values of earlier chunks predict the size of later ones.
        const average = this.answeredKeys === 0 ? 0 : this.answeredBytes / this.answeredKeys;
        const isStored = specs.length > 0;
        // Most batches have no known sizes, so they need no loop over the keys.
        const isUnknown = !isStored && average === 0 && !largeValues?.hasSizes;
        let bytes = 0;
        let known = 0;
        let to = isUnknown ? end : from;
        for (; to < end && bytes < MAX_CHUNK_BYTES; to++) {
            const expected = largeValues?.expectedBytes(keys[to]!) ?? 0;
            known += expected;
            bytes += isStored ? specs[to]!.value.length : Math.max(average, expected);
        }
        this.from = to;
        const isFull = bytes >= MAX_CHUNK_BYTES;
        return { keys: keys.slice(from, to), specs: specs.slice(from, to), bytes: isFull ? bytes : known };
    }

    /** @param bytes the size of all values of the chunk, 0 if it read none */
    recordAnswer(chunk: Chunk, bytes: number): void {
        this.answeredKeys += chunk.keys.length;
        this.answeredBytes += bytes;
    }
}
