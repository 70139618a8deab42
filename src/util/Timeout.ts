/** A limit on the wait for work that has no deadline of its own. */
export class Timeout {
    private readonly expired: Promise<never>;
    private readonly timer: NodeJS.Timeout;
    private reject!: (error: Error) => void;
    private error: Error | null = null;

    /** @param timeoutError creates the error when the time is over */
    constructor(ms: number, timeoutError: () => Error) {
        this.expired = new Promise((_, reject) => (this.reject = reject));
        this.expired.catch(() => {});
        this.timer = setTimeout(() => this.expire(timeoutError()), ms);
    }

    unref(): this {
        this.timer.unref();
        return this;
    }

    /** Settles as `awaited` does, or rejects when the time is over first. */
    race<T>(awaited: PromiseLike<T>): Promise<T> {
        return Promise.race([awaited, this.expired]);
    }

    check(): void {
        if (this.error !== null) throw this.error;
    }

    /** Ends the time now, with this error unless the time is over already. */
    expire(error: Error): void {
        clearTimeout(this.timer);
        if (this.error !== null) return;
        this.error = error;
        this.reject(error);
    }

    cancel(): void {
        clearTimeout(this.timer);
    }
}
