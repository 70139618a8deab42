/** The code of the error that a promise rejects with, or what it resolves with: `answered true`. */
export function codeOf(promise: Promise<unknown>): Promise<string> {
    return promise.then(
        answer => `answered ${String(answer)}`,
        (error: Error & { code?: string }) => error.code ?? `without a code: ${error.message}`,
    );
}
