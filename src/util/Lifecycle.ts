/**
 * Orders the opens and closes of one resource, whatever the interleaving of the calls:
 *
 * 1. Calls of `open` share one attempt, until it fails or `close` is called.
 * 2. `close` does not wait for an attempt: it aborts the signal of the attempt, which must stop.
 * 3. An attempt that is made during a close begins when that close has ended.
 * 4. Calls of `close` share one close.
 */
export class Lifecycle {
    private opening: Promise<void> | null = null;
    private closing: Promise<void> | null = null;
    private controller = new AbortController();
    private isOpened = false;

    /** @param abortReason makes the error of an attempt that a close has overtaken */
    constructor(private readonly abortReason: () => Error) {}

    /** An attempt has succeeded, and `close` has not been called since. */
    get isOpen(): boolean {
        return this.isOpened;
    }

    get isOpenOrOpening(): boolean {
        return this.opening !== null;
    }

    /** @param work must reject when its signal aborts, and leave nothing open when it rejects */
    open(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
        if (this.opening === null) {
            this.controller = new AbortController();
            this.opening = this.attempt(work, this.controller.signal);
        }
        return this.opening;
    }

    /** @param work is called at once, unless there is nothing to close */
    close(work: (wasOpen: boolean) => Promise<void>): Promise<void> {
        if (this.opening === null) return this.closing ?? Promise.resolve();
        const wasOpen = this.isOpened;
        this.opening = null;
        this.isOpened = false;
        this.controller.abort(this.abortReason());
        // An attempt that waits for a close has begun nothing.
        this.closing ??= work(wasOpen).finally(() => (this.closing = null));
        return this.closing;
    }

    private async attempt(work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
        try {
            // The caller of `close` gets its error.
            await this.closing?.catch(() => {});
            signal.throwIfAborted();
            await work(signal);
            signal.throwIfAborted();
            this.isOpened = true;
        } catch (error) {
            // Another attempt may have followed a close.
            if (!signal.aborted) this.opening = null;
            throw error;
        }
    }
}
