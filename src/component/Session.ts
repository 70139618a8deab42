import { notOpened } from '../client/model/errors';
import { Sleeper } from '../util/Sleeper';

/**
 * One session of a component, from `open` to `close`. Calls that `close` must not cut off enter and
 * leave it. A call that acquires something must check the session before and after each request,
 * and give back what came too late.
 */
export class Session {
    private readonly pauses = new Sleeper();
    private onLeft = (): void => {};
    /** Resolves when the session is over and all calls have left it. */
    private readonly left = new Promise<void>(resolve => (this.onLeft = resolve));
    private calls = 0;
    private hasEnded = false;

    get isOver(): boolean {
        return this.hasEnded;
    }

    /** @throws InvalidStateException NOT_OPENED */
    check(): void {
        if (this.hasEnded) throw notOpened();
    }

    /** A call that gives something back may enter a session that is over. */
    enter(): void {
        this.calls++;
    }

    leave(): void {
        if (--this.calls === 0 && this.hasEnded) this.onLeft();
    }

    /** Resolves early when the signal aborts or the session ends. */
    async pause(ms: number, signal?: AbortSignal): Promise<void> {
        if (!this.hasEnded) await this.pauses.sleep(ms, signal);
    }

    /** Wakes calls that pause. Resolves when all calls have left. */
    end(): Promise<void> {
        this.hasEnded = true;
        this.pauses.wakeAll();
        if (this.calls === 0) this.onLeft();
        return this.left;
    }
}
