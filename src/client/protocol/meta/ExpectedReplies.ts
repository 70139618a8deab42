const INITIAL_SIZE = 64;

/**
 * How the reply to a request looks. The lines before STORED_TEXT have an opaque, and all requests
 * from STORED to STORED_PAIR had a body.
 */
export const Shape = {
    LINE: 0,
    /** A line, and a value unless the key is missing. */
    VALUE: 1,
    /** The same, and the value is a number. */
    NUMBER: 2,
    STORED: 3,
    /** `STORED` or why not, without an opaque. */
    STORED_TEXT: 4,
    /** The same, and then the reply to a read of the same key, as for VALUE. */
    STORED_PAIR: 5,
    NOOP: 6,
    LOGIN: 7,
    VERSION: 8,
    FLUSH: 9,
    /** Any number of lines, and a last one. */
    STATS: 10,
    /** No request waits for a reply. */
    NONE: 11,
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
        this.add(opaque, Shape.STORED_PAIR);
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

    /** The opaque of the oldest request. Only valid unless the shape is NONE. */
    get opaque(): number {
        return this.opaques[this.first & this.mask]!;
    }

    /** The oldest reply is complete. */
    remove(): void {
        this.first++;
    }

    /** Returns the value that the oldest pair has sent. Called once for each pair. */
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
