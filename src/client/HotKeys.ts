import { ownText } from './ownText';

/** Of the keys that are new to us one in so many is remembered: who comes often is soon among them, a million that come once are no burden. */
const REMEMBER_ONE_IN = 8;

/**
 * A number per key, for the keys that are asked for often: two generations of at most `limit` keys. When the young one is full it becomes the old one,
 * and what has not been asked for since then is forgotten with the one before.
 */
export class HotKeys {
    private young = new Map<string, number>();
    private old = new Map<string, number>();
    private strangers = 0;

    constructor(
        private readonly limit: number,
        private readonly compute: (key: string) => number,
    ) {}

    get size(): number {
        return this.young.size + this.old.size;
    }

    get(key: string): number {
        const known = this.young.get(key);
        if (known !== undefined) return known;
        const before = this.old.get(key);
        if (before !== undefined) {
            this.remember(key, before);
            return before;
        }
        const number = this.compute(key);
        if (++this.strangers === REMEMBER_ONE_IN) {
            this.strangers = 0;
            this.remember(key, number);
        }
        return number;
    }

    private remember(key: string, number: number): void {
        if (this.young.size === this.limit) {
            const { old } = this;
            this.old = this.young;
            this.young = old;
            old.clear();
        }
        this.young.set(ownText(key), number);
    }
}
