/** How long a random test runs, in ms. */
export const soakMs = (defaultMs: number): number => Number(process.env.SOAK_MS ?? defaultMs);
