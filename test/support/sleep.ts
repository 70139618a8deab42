/** Resolves after `ms`. For delays that a scenario is made of; never to wait for an event. */
export const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
