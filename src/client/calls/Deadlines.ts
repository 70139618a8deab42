import { MAX_TIMER_MS } from '../../util/timers';

/** An item that must settle by a point in time. */
export interface Timed {
    /** Settles the item, whose deadline has passed and has left the list. */
    expire(): void;
}

/**
 * A place in the list. It is a class because reading a field from items of many classes is slow.
 */
export class Deadline {
    /** Neighbors that only `Deadlines` may write. A place outside the list points to itself. */
    earlier: Deadline = this;
    later: Deadline = this;

    /** Whole ms, because a small integer needs no memory of its own. */
    readonly ms: number;

    /** @param isAwaited whether a caller waits for the item, so that `size` counts it */
    constructor(
        readonly item: Timed | null,
        ms: number,
        readonly isAwaited: boolean,
    ) {
        this.ms = Math.ceil(ms);
    }
}

/** The silence in ms after which a turn expects no further bytes. */
const QUIET_MS = 5;

/** The number of turns to wait for bytes. TCP, TLS and login need a few, even long ones. */
const MAX_LOOKS = 8;

/**
 * All deadlines of a client in order, with one timer for the earliest. Most deadlines enter at the
 * end, so entering and leaving cost a few pointer writes. The timer keeps running when its call
 * settles. So a client whose servers answer in time sets one timer per timeout.
 *
 * The list also holds the time of the turn. Reading the clock costs more than most work for a call.
 */
export class Deadlines {
    private readonly end = new Deadline(null, 0, false);
    /** The deadline that last entered out of order. */
    private finger = this.end;
    private timer: NodeJS.Timeout | null = null;
    private afterReads: NodeJS.Immediate | null = null;
    private firesAt = Infinity;
    private arrivals = 0;
    private arrivedMs = 0;
    /** The time when the list last read the clock. */
    nowMs = performance.now();
    /** The number of deadlines that a caller waits for. */
    size = 0;
    /** The callback for a `size` that falls to 0. */
    onEmpty: (() => void) | null = null;

    get timerCount(): number {
        return this.timer === null && this.afterReads === null ? 0 : 1;
    }

    /** Returns the clock in 32 bits, a small integer, which needs no memory of its own. */
    get stamp(): number {
        return this.nowMs | 0;
    }

    /** Returns the ms since a stamp, unsigned. A signed age is negative after 25 days. */
    ageOf(stamp: number): number {
        return (this.stamp - stamp) >>> 0;
    }

    readClock(): number {
        return (this.nowMs = performance.now());
    }

    /** Records an arrival of bytes or a connection. The next bytes may answer due calls. */
    arrived(): number {
        this.arrivals++;
        return (this.arrivedMs = this.readClock());
    }

    add(deadline: Deadline): void {
        const { ms } = deadline;
        let before = this.end.earlier;
        if (before.ms > ms) {
            before = this.findPlace(ms);
            this.finger = deadline;
        }
        const after = before.later;
        deadline.earlier = before;
        deadline.later = after;
        before.later = deadline;
        after.earlier = deadline;
        if (deadline.isAwaited) this.size++;
        if (ms < this.firesAt) this.arm();
    }

    /** Removes the deadline if it is in the list. */
    remove(deadline: Deadline): void {
        if (deadline.later === deadline) return;
        if (deadline === this.finger) this.finger = deadline.earlier;
        deadline.earlier.later = deadline.later;
        deadline.later.earlier = deadline.earlier;
        deadline.earlier = deadline.later = deadline;
        if (deadline.isAwaited && --this.size === 0 && this.onEmpty !== null) this.onEmpty();
    }

    /** Stops the timer. The deadlines in the list do not expire. */
    stop(): void {
        if (this.timer !== null) clearTimeout(this.timer);
        if (this.afterReads !== null) clearImmediate(this.afterReads);
        this.timer = this.afterReads = null;
        this.firesAt = Infinity;
    }

    /** Returns the place before `ms`. Searches from the last place, as chunks share a deadline. */
    private findPlace(ms: number): Deadline {
        let before = this.finger;
        while (before.ms > ms) before = before.earlier;
        while (before.later !== this.end && before.later.ms < ms) before = before.later;
        return before;
    }

    private arm(): void {
        this.stop();
        this.firesAt = this.end.later.ms;
        // A timer that fires too early finds nothing to do and sets another one.
        const ms = Math.max(1, Math.ceil(this.firesAt - performance.now()));
        this.timer = setTimeout(() => this.fire(), Math.min(MAX_TIMER_MS, ms));
    }

    /**
     * Settles due deadlines. After a busy time, answers may have arrived in time although the
     * process has not read them. So it reads until nothing more arrives, but at most for the time
     * of its own delay.
     */
    private fire(): void {
        this.timer = null;
        const nowMs = this.readClock();
        this.look(0, nowMs + (nowMs - this.firesAt));
    }

    private look(looks: number, untilMs: number): void {
        const { arrivals } = this;
        this.afterReads = setImmediate(() => {
            const nowMs = this.readClock();
            const isArriving = this.arrivals !== arrivals || nowMs - this.arrivedMs < QUIET_MS;
            if (isArriving && (looks < MAX_LOOKS || nowMs < untilMs)) this.look(looks + 1, untilMs);
            else this.expireDue();
        });
    }

    private expireDue(): void {
        this.stop();
        const { nowMs } = this;
        for (let first = this.end.later; first !== this.end && first.ms <= nowMs; first = this.end.later) {
            this.remove(first);
            first.item!.expire();
        }
        if (this.end.later !== this.end) this.arm();
    }
}
