import { notOpened } from '../client/model/errors';
import { Sleeper } from '../util/Sleeper';

/**
 * One session of a component, from `open` to `close`. Calls that `close` must not cut off enter it
 * and leave it. `end` wakes calls that pause, and waits until all have left. A call that acquires
 * something checks the session before and after each request, and gives back what came too late.
 */
export class Session {
    private readonly pauses = new Sleeper();
    private readonly left: Promise<void>;
    private onLeft!: () => void;
    private calls = 0;
    private isEnding = false;

    constructor() {
        this.left = new Promise(resolve => (this.onLeft = resolve));
    }

    /** `end` was called. */
    get isOver(): boolean {
        return this.isEnding;
    }

    /** @throws InvalidStateException NOT_OPENED when it is over */
    check(): void {
        if (this.isEnding) throw notOpened();
    }

    /** Also a session that is over: for calls that give something back. */
    enter(): void {
        this.calls++;
    }

    leave(): void {
        if (--this.calls === 0 && this.isEnding) this.onLeft();
    }

    /** Ends early when the signal aborts or the session is over. */
    async pause(ms: number, signal?: AbortSignal): Promise<void> {
        if (!this.isEnding) await this.pauses.sleep(ms, signal);
    }

    /** Resolves when no call is inside. */
    end(): Promise<void> {
        this.isEnding = true;
        this.pauses.wakeAll();
        if (this.calls === 0) this.onLeft();
        return this.left;
    }
}
