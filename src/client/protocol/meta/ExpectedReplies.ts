const INITIAL_SIZE = 64;

/**
 * The form of the reply to a request. VALUE to STORED are meta lines with an opaque. The first
 * three of them have a value unless the key is missing. Requests from STORED to STORED_OF_PAIR have
 * a body.
 */
export const Shape = {
    VALUE: 0,
    /** The value is a number. */
    NUMBER: 1,
    /** The second reply of a pair, behind STORED_OF_PAIR: the value and its CAS. */
    READ_BACK: 2,
    LAST_WITH_VALUE: 2,
    LINE: 3,
    STORED: 4,
    LAST_META: 4,
    /** `STORED` or another outcome of a store, without an opaque. */
    STORED_TEXT: 5,
    STORED_OF_PAIR: 6,
    NOOP: 7,
    LOGIN: 8,
    VERSION: 9,
    FLUSH: 10,
    /** Any number of lines, and a last one. */
    STATS: 11,
    /** No request waits for a reply. */
    NONE: 12,
} as const;

/**
 * The replies that the server owes, oldest first. Error lines and the replies to classic text
 * commands have no opaque, so a decoder cannot do without this list.
 */
export class ExpectedReplies {
    private opaques = new Uint32Array(INITIAL_SIZE);
    private shapes = new Uint8Array(INITIAL_SIZE);
    private mask = INITIAL_SIZE - 1;
    private first = 0;
    private end = 0;
    private markedEnd = 0;
    /** The values of the pairs. */
    private values: (string | Uint8Array)[] = [];
    private markedValues = 0;

    add(opaque: number, shape: number): void {
        if (this.end - this.first > this.mask) this.grow();
        const at = this.end & this.mask;
        this.opaques[at] = opaque;
        this.shapes[at] = shape;
        this.end++;
    }

    addPair(opaque: number, value: string | Uint8Array): void {
        this.add(opaque, Shape.STORED_OF_PAIR);
        this.add(opaque, Shape.READ_BACK);
        this.values.push(value);
    }

    mark(): void {
        this.markedEnd = this.end;
        this.markedValues = this.values.length;
    }

    rollBack(): void {
        this.end = this.markedEnd;
        this.values.length = this.markedValues;
    }

    get shape(): number {
        return this.first === this.end ? Shape.NONE : this.shapes[this.first & this.mask]!;
    }

    /** The opaque of the oldest request. Valid unless the shape is NONE. */
    get opaque(): number {
        return this.opaques[this.first & this.mask]!;
    }

    /** Removes the oldest reply, which is complete. */
    remove(): void {
        this.first++;
    }

    /** Removes and returns the value that the oldest pair has sent. */
    takeValue(): string | Uint8Array {
        return this.values.shift()!;
    }

    private grow(): void {
        const { opaques, shapes, mask } = this;
        const size = 2 * (mask + 1);
        this.opaques = new Uint32Array(size);
        this.shapes = new Uint8Array(size);
        this.mask = size - 1;
        for (let i = this.first; i < this.end; i++) {
            this.opaques[i & this.mask] = opaques[i & mask]!;
            this.shapes[i & this.mask] = shapes[i & mask]!;
        }
    }
}
