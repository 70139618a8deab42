/** Resolves with the reason of a signal when it aborts. */
export const aborted = (signal: AbortSignal): Promise<unknown> =>
    new Promise(resolve => {
        if (signal.aborted) resolve(signal.reason);
        else signal.addEventListener('abort', () => resolve(signal.reason));
    });
