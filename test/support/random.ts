/**
 * Returns the seed of this run. The global setup chooses and prints the seed. `SEED=…` repeats a
 * run.
 */
export const seed = (): number => Number(process.env.SEED ?? 1) >>> 0;

/**
 * Returns a generator of numbers from 0 to 1 that depends on the seed and the name.
 * The name makes the numbers of a test independent of the other tests that run.
 */
export function randomOf(name: string): () => number {
    let state = seed();
    for (const character of name) state = Math.imul(state ^ character.codePointAt(0)!, 0x01000193);
    return () => {
        state = (state + 0x6d2b79f5) | 0;
        let mixed = Math.imul(state ^ (state >>> 15), state | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
}
