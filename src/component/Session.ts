import { notOpened } from '../client/model/errors';
import { Sleeper } from '../util/Sleeper';

/**
 * One session of a component, from `open` to `close`. Calls enter and leave it, and `close` waits
 * for them. A call that acquires a lease checks the session before and after each request. If the
 * session is over, the call gives back the lease.
 */
export class Session {
    private readonly pauses = new Sleeper();
    private onLeft = (): void => {};
    /** The promise that resolves when the session is over and all calls have left it. */
    private readonly left = new Promise<void>(resolve => (this.onLeft = resolve));
    private calls = 0;
    private hasEnded = false;

    get isOver(): boolean {
        return this.hasEnded;
    }

    check(): void {
        if (this.hasEnded) throw notOpened();
    }

    /** Makes `end` wait for a call. A call that only releases may enter after the end. */
    enter(): void {
        this.calls++;
    }

    leave(): void {
        if (--this.calls === 0 && this.hasEnded) this.onLeft();
    }

    /** Waits as `Sleeper.sleep` does, or until the session ends. */
    async pause(ms: number, signal?: AbortSignal, onAsleep?: (wake: () => void) => void): Promise<void> {
        if (!this.hasEnded) await this.pauses.sleep(ms, signal, onAsleep);
    }

    /** Ends the session and wakes paused calls. Resolves when all calls have left. */
    end(): Promise<void> {
        this.hasEnded = true;
        this.pauses.wakeAll();
        if (this.calls === 0) this.onLeft();
        return this.left;
    }
}
