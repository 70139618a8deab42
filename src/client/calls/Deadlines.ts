import { MAX_TIMER_MS } from '../../util/timers';

/** What must have settled by a point in time. */
export interface Timed {
    /** The deadline has passed, and the list has let go of it. */
    expire(): void;
}

/**
 * A place in the list. Calls are of many classes, and reading a field of an object of any class takes
 * longer than reading it from one class.
 */
export class Deadline {
    /** Only the list writes these. A place that is not in the list points to itself. */
    earlier: Deadline = this;
    later: Deadline = this;

    /** Whole ms: a small integer needs no memory of its own. */
    readonly ms: number;

    /** @param isAwaited a caller waits for it: it counts in `size` */
    constructor(
        readonly item: Timed | null,
        ms: number,
        readonly isAwaited: boolean,
    ) {
        this.ms = Math.ceil(ms);
    }
}

/** While bytes come as close together as this, more may be on their way. */
const QUIET_MS = 5;

/** A connection needs a few rounds of the event loop (TCP, TLS, login), however long each of them takes. */
const MOST_LOOKS = 8;

/**
 * All deadlines of a client in order, with one timer at the earliest: no timer per call. Most enter at the end, so
 * entering and leaving cost a few pointer writes. The timer is left running when its call settles (it then finds nothing to do),
 * so a client that answers in time sets one timer per `timeout`, not one per call.
 *
 * It also holds the time of the turn: reading the clock costs more than most of what is done for a call.
 */
export class Deadlines {
    private readonly end = new Deadline(null, 0, false);
    /** Where the last one entered that was out of order. */
    private finger = this.end;
    private timer: NodeJS.Timeout | null = null;
    private afterReads: NodeJS.Immediate | null = null;
    private firesAt = Infinity;
    private arrivals = 0;
    private arrivedMs = 0;
    /** The clock when it was last read. */
    nowMs = performance.now();
    /** How many callers wait. */
    size = 0;
    /** Called when the last one leaves. */
    onEmpty: (() => void) | null = null;

    get timerCount(): number {
        return this.timer === null && this.afterReads === null ? 0 : 1;
    }

    /** The clock in 32 bits: a small integer, which needs no memory of its own. */
    get stamp(): number {
        return this.nowMs | 0;
    }

    /** Returns the ms since a stamp. Unsigned: a signed age is negative after 25 days. */
    ageOf(stamp: number): number {
        return (this.stamp - stamp) >>> 0;
    }

    readClock(): number {
        return (this.nowMs = performance.now());
    }

    /** Bytes have come, or a connection. What is due may have been answered, too. */
    arrived(): number {
        this.arrivals++;
        return (this.arrivedMs = this.readClock());
    }

    add(one: Deadline): void {
        const { ms } = one;
        let before = this.end.earlier;
        if (before.ms > ms) {
            before = this.findPlace(ms);
            this.finger = one;
        }
        const after = before.later;
        one.earlier = before;
        one.later = after;
        before.later = one;
        after.earlier = one;
        if (one.isAwaited) this.size++;
        if (ms < this.firesAt) this.arm();
    }

    /** Nothing happens if it is not in the list. */
    remove(one: Deadline): void {
        if (one.later === one) return;
        if (one === this.finger) this.finger = one.earlier;
        one.earlier.later = one.later;
        one.later.earlier = one.earlier;
        one.earlier = one.later = one;
        if (one.isAwaited && --this.size === 0 && this.onEmpty !== null) this.onEmpty();
    }

    /** Stops the timer; what still stands in the list will not expire. */
    stop(): void {
        if (this.timer !== null) clearTimeout(this.timer);
        if (this.afterReads !== null) clearImmediate(this.afterReads);
        this.timer = this.afterReads = null;
        this.firesAt = Infinity;
    }

    /** The chunks of a batch all have the deadline of its first one: each enters beside the one before. */
    private findPlace(ms: number): Deadline {
        let before = this.finger;
        while (before.ms > ms) before = before.earlier;
        while (before.later !== this.end && before.later.ms < ms) before = before.later;
        return before;
    }

    private arm(): void {
        this.stop();
        this.firesAt = this.end.later.ms;
        this.timer = setTimeout(() => this.fire(), timerMs(this.firesAt - performance.now()));
    }

    /**
     * A process that was busy finds the timer due before it has read what came meanwhile: an answer that is there has come in time.
     * So it reads until nothing comes any more, for as long as it was late itself.
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
            if (isArriving && (looks < MOST_LOOKS || nowMs < untilMs)) this.look(looks + 1, untilMs);
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

/** One that fires too early finds nothing to do, and sets another. */
function timerMs(ms: number): number {
    return Math.min(MAX_TIMER_MS, Math.max(1, Math.ceil(ms)));
}
