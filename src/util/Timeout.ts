/** Limits the wait for something that has no deadline of its own. */
export class Timeout {
    private readonly over: Promise<never>;
    private readonly timer: NodeJS.Timeout;
    private reject!: (error: Error) => void;
    private error: Error | null = null;

    constructor(ms: number, late: () => Error) {
        this.over = new Promise((_, reject) => (this.reject = reject));
        this.over.catch(() => {});
        this.timer = setTimeout(() => this.expire(late()), ms);
    }

    /** The process may end while this is waited for. */
    unref(): this {
        this.timer.unref();
        return this;
    }

    /** What is waited for, unless the time is over before it settles. */
    race<T>(awaited: PromiseLike<T>): Promise<T> {
        return Promise.race([awaited, this.over]);
    }

    /** @throws Error when the time is over */
    check(): void {
        if (this.error !== null) throw this.error;
    }

    /** The time is over now. */
    expire(error: Error): void {
        clearTimeout(this.timer);
        if (this.error !== null) return;
        this.error = error;
        this.reject(error);
    }

    /** Nobody waits any more. */
    cancel(): void {
        clearTimeout(this.timer);
    }
}
