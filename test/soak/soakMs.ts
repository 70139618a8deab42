/** Returns the duration of a random test in ms. */
export const soakMs = (defaultMs: number): number => Number(process.env.SOAK_MS ?? defaultMs);
