/** The error of a scene whose claim does not hold. */
export class NotShown extends Error {}

/**
 * @param {boolean} holds
 * @param {string} problem
 */
export function claim(holds, problem) {
    if (!holds) throw new NotShown(problem);
}
