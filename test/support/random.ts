/** The seed of this run. The global set-up chooses and prints it; `SEED=…` repeats a run. */
export const seed = (): number => Number(process.env.SEED ?? 1) >>> 0;

/**
 * Numbers from 0 to 1, the same ones for the same seed and name. The name keeps tests apart: the
 * numbers of one do not depend on which others run.
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
