import { copyText } from '../../../util/copyText';

/** One in this many unknown keys enters the cache, so that keys used once do not fill it. */
const REMEMBER_ONE_IN = 8;

/**
 * A number for each frequent key, in two maps of at most `limit` keys. A full recent map becomes
 * the previous one. The cache drops the keys that only the old previous map has.
 */
export class RingCache {
    private recent = new Map<string, number>();
    private previous = new Map<string, number>();
    private unsampled = 0;

    constructor(
        private readonly limit: number,
        private readonly compute: (key: string) => number,
    ) {}

    get size(): number {
        return this.recent.size + this.previous.size;
    }

    get(key: string): number {
        const known = this.recent.get(key);
        if (known !== undefined) return known;
        const before = this.previous.get(key);
        if (before !== undefined) {
            this.remember(key, before);
            return before;
        }
        const number = this.compute(key);
        if (++this.unsampled === REMEMBER_ONE_IN) {
            this.unsampled = 0;
            this.remember(key, number);
        }
        return number;
    }

    private remember(key: string, number: number): void {
        if (this.recent.size === this.limit) {
            const { recent, previous } = this;
            this.previous = recent;
            this.recent = previous;
            previous.clear();
        }
        this.recent.set(copyText(key), number);
    }
}
