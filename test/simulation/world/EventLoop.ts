import { EventQueue, type Due } from './EventQueue';
import type { World } from './World';

/** Duration of one callback, in ms. */
const CALLBACK_MS = 0.01;
/**
 * Duration of a round that runs immediates, in ms. With a shorter round, the simulation of busy
 * waits is slow.
 */
const ROUND_MS = 0.2;

interface Arrival extends Due {
    readonly run: () => void;
}

/** Timer with the methods of `NodeJS.Timeout` that the sources use. */
export class VirtualTimer implements Due {
    isRunning = true;
    order = 0;

    constructor(
        private readonly loop: EventLoop,
        readonly callback: () => void,
        readonly ms: number,
        readonly isRepeated: boolean,
        public atMs: number,
    ) {}

    unref(): this {
        return this;
    }

    ref(): this {
        return this;
    }

    hasRef(): boolean {
        return this.isRunning;
    }

    refresh(): this {
        return this;
    }

    close(): this {
        this.loop.clearTimer(this);
        return this;
    }

    [Symbol.dispose](): void {
        this.close();
    }
}

export interface VirtualImmediate {
    callback: (() => void) | null;
}

/**
 * Event loop of one process. Each round follows Node's order, which is due timers, arrivals,
 * immediates. The world runs one callback at a time, so promises settle between two callbacks, as
 * in Node.
 */
export class EventLoop {
    /** Time until which the process runs no callback, because it is busy or suspended. */
    private heldUntilMs = 0;
    private readonly timers = new EventQueue<VirtualTimer>();
    private readonly arrivals = new EventQueue<Arrival>();
    private immediates: VirtualImmediate[] = [];
    private round: VirtualImmediate[] = [];
    private phase: 'timers' | 'arrivals' | 'immediates' = 'timers';
    private runningTimers = 0;
    isDead = false;
    /** Total time for which the process has stood still. */
    heldMs = 0;

    constructor(
        private readonly world: World,
        readonly name: string,
    ) {}

    /** Number of timers that can still fire. */
    get timerCount(): number {
        return this.runningTimers;
    }

    /** Time of the next callback, or Infinity. */
    get readyMs(): number {
        if (this.isDead) return Infinity;
        const hasRound = this.phase !== 'timers' || this.immediates.length > 0;
        const dueMs = hasRound ? 0 : Math.min(this.firstTimerMs(), this.arrivals.firstMs);
        return Math.max(dueMs, this.heldUntilMs);
    }

    /** Runs the next callback of this round, if any. */
    runOne(): void {
        const callback = this.take();
        this.heldUntilMs = Math.max(this.heldUntilMs, this.world.nowMs + CALLBACK_MS);
        callback?.();
    }

    /** Schedules an event from outside, for example from a socket. */
    post(atMs: number, run: () => void): void {
        if (!this.isDead) this.arrivals.push({ atMs, order: this.world.nextOrder(), run });
    }

    hold(forMs: number): void {
        const untilMs = this.world.nowMs + forMs;
        if (untilMs <= this.heldUntilMs) return;
        this.heldMs += untilMs - Math.max(this.heldUntilMs, this.world.nowMs);
        this.heldUntilMs = untilMs;
    }

    kill(): void {
        this.isDead = true;
        this.timers.clear();
        this.arrivals.clear();
        this.immediates = this.round = [];
        this.runningTimers = 0;
    }

    setTimer(callback: () => void, ms: number, isRepeated = false): VirtualTimer {
        const delayMs = ms >= 1 && ms <= 2 ** 31 - 1 ? Math.trunc(ms) : 1;
        const timer = new VirtualTimer(this, callback, delayMs, isRepeated, this.world.nowMs + delayMs);
        timer.order = this.world.nextOrder();
        this.timers.push(timer);
        this.runningTimers++;
        return timer;
    }

    clearTimer(timer: VirtualTimer): void {
        if (!timer.isRunning) return;
        timer.isRunning = false;
        this.runningTimers--;
    }

    setImmediate(callback: () => void): VirtualImmediate {
        const immediate = { callback };
        this.immediates.push(immediate);
        return immediate;
    }

    private take(): (() => void) | null {
        const { nowMs } = this.world;
        if (this.phase === 'timers') {
            if (this.firstTimerMs() <= nowMs) return this.takeTimer();
            this.phase = 'arrivals';
        }
        if (this.phase === 'arrivals') {
            if (this.arrivals.firstMs <= nowMs) return this.arrivals.shift()!.run;
            this.phase = 'immediates';
            this.round = this.immediates;
            this.immediates = [];
            if (this.round.length > 0) this.heldUntilMs = nowMs + ROUND_MS;
        }
        for (let next = this.round.shift(); next !== undefined; next = this.round.shift()) {
            if (next.callback !== null) return next.callback;
        }
        this.phase = 'timers';
        return null;
    }

    private takeTimer(): () => void {
        const timer = this.timers.shift()!;
        if (timer.isRepeated) {
            timer.atMs = this.world.nowMs + timer.ms;
            this.timers.push(timer);
        } else this.clearTimer(timer);
        return timer.callback;
    }

    /** Returns the time of the first timer. Drops cleared timers from the front of the queue. */
    private firstTimerMs(): number {
        const { timers } = this;
        while (timers.first?.isRunning === false) timers.shift();
        return timers.firstMs;
    }
}
