/** The code of the error that a promise rejects with, or what it resolves with: `answered true`. */
export function codeOf(promise: Promise<unknown>): Promise<string> {
    return promise.then(
        answer => `answered ${String(answer)}`,
        (error: Error & { code?: string }) => error.code ?? `without a code: ${error.message}`,
    );
}

/** `answered`, or the code of the error: for answers that make no good text. */
export async function outcomeOf(promise: Promise<unknown>): Promise<string> {
    const code = await codeOf(promise);
    return code.startsWith('answered ') ? 'answered' : code;
}
