/** Returns the code of the error of a promise, or its result as text, such as `answered true`. */
export function codeOf(promise: Promise<unknown>): Promise<string> {
    return promise.then(
        answer => `answered ${String(answer)}`,
        (error: Error & { code?: string }) => error.code ?? `without a code: ${error.message}`,
    );
}

/** Returns `answered` or the code of the error, for results without a useful text. */
export async function outcomeOf(promise: Promise<unknown>): Promise<string> {
    const code = await codeOf(promise);
    return code.startsWith('answered ') ? 'answered' : code;
}
