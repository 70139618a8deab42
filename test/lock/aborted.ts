/** The reason of a signal, as soon as it aborts. */
export const aborted = (signal: AbortSignal): Promise<unknown> =>
    new Promise(resolve => {
        if (signal.aborted) resolve(signal.reason);
        else signal.addEventListener('abort', () => resolve(signal.reason));
    });
