/**
 * The order of the opens and closes of one resource, for any interleaving of the calls:
 *
 * 1. Calls of `open` share one attempt, until it fails or a caller calls `close`.
 * 2. `close` does not wait for an attempt. It aborts the signal of the attempt, which must stop.
 * 3. An attempt that arrives during a close begins after that close.
 * 4. Calls of `close` share one close.
 */
export class Lifecycle {
    private opening: Promise<void> | null = null;
    private closing: Promise<void> | null = null;
    private controller = new AbortController();
    private isOpened = false;

    /** @param abortReason creates the error of an attempt that a close aborts */
    constructor(private readonly abortReason: () => Error) {}

    /** Returns whether an attempt has succeeded since the last `close`. */
    get isOpen(): boolean {
        return this.isOpened;
    }

    get isOpenOrOpening(): boolean {
        return this.opening !== null;
    }

    /** Calls `work` to open. It must reject on abort, and leave nothing open when it rejects. */
    open(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
        if (this.opening === null) {
            this.controller = new AbortController();
            this.opening = this.attempt(work, this.controller.signal);
        }
        return this.opening;
    }

    /** Calls `work` to close, at once, unless there is nothing to close. */
    close(work: (wasOpen: boolean) => Promise<void>): Promise<void> {
        if (this.opening === null) return this.closing ?? Promise.resolve();
        const wasOpen = this.isOpened;
        this.opening = null;
        this.isOpened = false;
        this.controller.abort(this.abortReason());
        // An attempt that waits for a close has opened nothing.
        this.closing ??= work(wasOpen).finally(() => (this.closing = null));
        return this.closing;
    }

    private async attempt(work: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
        try {
            // The caller of `close` gets the error of the close.
            await this.closing?.catch(() => {});
            signal.throwIfAborted();
            await work(signal);
            signal.throwIfAborted();
            this.isOpened = true;
        } catch (error) {
            // Another attempt may have begun after a close.
            if (!signal.aborted) this.opening = null;
            throw error;
        }
    }
}
