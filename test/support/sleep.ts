/**
 * Resolves after `ms`. Use it only for delays that are part of a scenario, never to await an event.
 */
export const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
