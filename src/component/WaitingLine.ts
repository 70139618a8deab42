import type { Session } from './Session';

/** The lines of waiters of one component, by key. */
export class WaitingLines {
    private readonly lines = new Map<string, Set<Waiter>>();

    get isEmpty(): boolean {
        return this.lines.size === 0;
    }

    /** Adds a waiter at the end of the line. Its owner must call `leave`. */
    join(key: string, session: Session, deadlineMs: number, signal: AbortSignal | undefined): Waiter {
        let line = this.lines.get(key);
        if (line === undefined) {
            line = new Set();
            this.lines.set(key, line);
        }
        return new Waiter(line, session, deadlineMs, signal, () => this.lines.delete(key));
    }
}

/**
 * A caller that waits for a lock, in a line with the other callers of the key.
 *
 * When the pause of a waiter ends, the longest waiter makes the attempt. The two exchange their
 * pauses, so the line makes as many attempts as its waiters would make alone.
 */
export class Waiter {
    private isPaused = false;
    private pauseEndMs = 0;
    private wake = (): void => {};

    /** @param deadlineMs the time of the last attempt. The waiter makes that attempt itself. */
    constructor(
        private readonly line: Set<Waiter>,
        private readonly session: Session,
        private readonly deadlineMs: number,
        private readonly signal: AbortSignal | undefined,
        private readonly onEmpty: () => void,
    ) {
        line.add(this);
    }

    /** Returns the number of waiters for the key, with this one. */
    get lineLength(): number {
        return this.line.size;
    }

    /** Waits for the turn of this waiter, its deadline, its signal, or the end of the session. */
    async pause(ms: number): Promise<void> {
        this.isPaused = true;
        this.pauseEndMs = performance.now() + ms;
        do {
            const leftMs = Math.min(this.pauseEndMs, this.deadlineMs) - performance.now();
            await this.session.pause(leftMs, this.signal, wake => (this.wake = wake));
        } while (this.isPaused && !this.mustReturn && this.passTurn());
        this.isPaused = false;
    }

    leave(): void {
        this.line.delete(this);
        if (this.line.size === 0) this.onEmpty();
    }

    /** Returns whether the pause has ended for this waiter alone. */
    private get mustReturn(): boolean {
        // A timer may fire a moment before the deadline, so the clock does not tell.
        const isLastAttempt = this.pauseEndMs >= this.deadlineMs;
        return isLastAttempt || this.signal?.aborted === true;
    }

    /** Gives the turn to the longest waiter. Returns false if that is this waiter. */
    private passTurn(): boolean {
        for (const longest of this.line) {
            if (longest === this) break;
            // A waiter without a pause makes an attempt now. An aborted one makes none.
            if (!longest.isPaused || longest.signal?.aborted) continue;
            this.pauseEndMs = longest.pauseEndMs;
            longest.isPaused = false;
            longest.wake();
            return true;
        }
        return false;
    }
}
