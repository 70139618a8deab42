/** Seeds of schedules that once failed, and what they found. */
export const REGRESSIONS: readonly { readonly seed: number; readonly found: string }[] = [];
