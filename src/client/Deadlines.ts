/** What stands in the list: anything that must have settled by a point in time. The list owns these fields. */
export abstract class Timed {
    deadlineMs = 0;
    earlier: Timed = this;
    later: Timed = this;

    /** The deadline has passed. The list has let go of it already. */
    abstract expire(): void;
}

class End extends Timed {
    override expire(): void {}
}

/**
 * All deadlines of a client in order, with one timer at the earliest: no timer per call. Most enter at the end, so
 * entering and leaving cost a few pointer writes. The timer is left running when its call settles (it then finds nothing to do),
 * so a client that answers in time sets one timer per `timeout`, not one per call.
 */
export class Deadlines {
    private readonly end: Timed = new End();
    private timer: NodeJS.Timeout | null = null;
    private afterReads: NodeJS.Immediate | null = null;
    private firesAt = Infinity;
    size = 0;
    /** Called when the last one leaves. */
    onEmpty: (() => void) | null = null;

    get timerCount(): number {
        return this.timer === null && this.afterReads === null ? 0 : 1;
    }

    add(item: Timed, deadlineMs: number): void {
        item.deadlineMs = deadlineMs;
        let before = this.end.earlier;
        while (before !== this.end && before.deadlineMs > deadlineMs) before = before.earlier;
        const after = before.later;
        item.earlier = before;
        item.later = after;
        before.later = item;
        after.earlier = item;
        this.size++;
        if (deadlineMs < this.firesAt) this.arm();
    }

    remove(item: Timed): void {
        if (item.later === item) return;
        item.earlier.later = item.later;
        item.later.earlier = item.earlier;
        item.earlier = item.later = item;
        if (--this.size === 0 && this.onEmpty !== null) this.onEmpty();
    }

    /** Stops the timer; what still stands in the list will not expire. */
    stop(): void {
        if (this.timer !== null) clearTimeout(this.timer);
        if (this.afterReads !== null) clearImmediate(this.afterReads);
        this.timer = this.afterReads = null;
        this.firesAt = Infinity;
    }

    private arm(): void {
        this.stop();
        this.firesAt = this.end.later.deadlineMs;
        this.timer = setTimeout(() => this.fire(), Math.max(1, Math.ceil(this.firesAt - performance.now())));
    }

    /** A process that was busy finds the timer due before it has read what came meanwhile: an answer that is there has come in time. */
    private fire(): void {
        this.timer = null;
        this.afterReads = setImmediate(() => this.expireDue());
    }

    private expireDue(): void {
        this.stop();
        const now = performance.now();
        for (let first = this.end.later; first !== this.end && first.deadlineMs <= now; first = this.end.later) {
            this.remove(first);
            first.expire();
        }
        if (this.size > 0) this.arm();
    }
}
