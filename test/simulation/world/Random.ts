/**
 * Numbers that depend on a seed and a label alone. Parts of a schedule draw from streams of their
 * own, so removing one operation leaves the numbers of the others as they are.
 */
export class Random {
    private state: number;

    constructor(
        private readonly seed: number,
        label = '',
    ) {
        let state = seed >>> 0;
        for (let i = 0; i < label.length; i++) state = Math.imul(state ^ label.charCodeAt(i), 0x01000193);
        this.state = this.seed = state;
    }

    /** Another stream, whatever was drawn from this one before. */
    of(label: string): Random {
        return new Random(this.seed, `/${label}`);
    }

    /** From 0 to 1, without 1. */
    next(): number {
        this.state = (this.state + 0x6d2b79f5) | 0;
        let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    }

    between(least: number, most: number): number {
        return least + this.next() * (most - least);
    }

    /** A whole number, both ends included. */
    int(least: number, most: number): number {
        return least + Math.floor(this.next() * (most - least + 1));
    }

    chance(probability: number): boolean {
        return this.next() < probability;
    }

    pick<T>(choices: readonly T[]): T {
        return choices[Math.floor(this.next() * choices.length)]!;
    }

    /** One of the names, as often as its weight says. */
    weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
        const entries = Object.entries(weights) as [K, number][];
        let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
        for (const [name, weight] of entries) if ((left -= weight) < 0) return name;
        return entries[entries.length - 1]![0];
    }
}
