/**
 * Random numbers that depend only on a seed and a label. Each part of a schedule draws from its own
 * stream. If shrinking removes one operation, the numbers of the others stay the same.
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

    /** Returns an independent stream, which earlier draws do not affect. */
    of(label: string): Random {
        return new Random(this.seed, `/${label}`);
    }

    /** Returns a number from 0 (inclusive) to 1 (exclusive). */
    next(): number {
        this.state = (this.state + 0x6d2b79f5) | 0;
        let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    }

    between(min: number, max: number): number {
        return min + this.next() * (max - min);
    }

    /** Returns an integer between two inclusive bounds. */
    int(min: number, max: number): number {
        return min + Math.floor(this.next() * (max - min + 1));
    }

    chance(probability: number): boolean {
        return this.next() < probability;
    }

    pick<T>(choices: readonly T[]): T {
        return choices[Math.floor(this.next() * choices.length)]!;
    }

    /** Picks a name with a probability proportional to its weight. */
    weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
        const entries = Object.entries(weights) as [K, number][];
        let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
        for (const [name, weight] of entries) if ((left -= weight) < 0) return name;
        return entries[entries.length - 1]![0];
    }
}
