import { copyText } from '../../../util/copyText';

/** Of the keys that are new to us one in so many is remembered: who comes often is soon among them, a million that come once are no burden. */
const REMEMBER_ONE_IN = 8;

/**
 * A number per key, for the keys that are asked for often: two generations of at most `limit` keys. When the young one is full it becomes the old one,
 * and what has not been asked for since then is forgotten with the one before.
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
            const { previous: old } = this;
            this.previous = this.recent;
            this.recent = old;
            old.clear();
        }
        this.recent.set(copyText(key), number);
    }
}
