import type { Call, CallHolder, CallHost } from '../calls/Call';
import { CallList } from '../calls/CallList';
import { Deadline } from '../calls/Deadlines';
import { LargeValues } from './LargeValues';

/**
 * The unsent calls to one server. `entering` has the calls of this turn of the event loop. `ready`
 * has those that wait for a channel. `largeValues` has those that wait for room.
 */
export class CallQueue implements CallHolder {
    readonly largeValues = new LargeValues(call => {
        this.ready.push(call);
        this.flushSoon();
    });
    private readonly entering: Call<unknown>[] = [];
    private readonly ready = new CallList();
    private isFlushScheduled = false;
    /**
     * Whether the client has other servers. Replies of one server cause calls to all of them. If
     * the client reads all sockets first, it writes to each server once. One server needs no wait.
     */
    isOneOfSeveral = false;
    private readonly flushTurn = (): void => this.flush();

    /** @param dispatch sends calls when a turn is over, or when there is room again */
    constructor(
        private readonly host: CallHost,
        private readonly dispatch: () => void,
    ) {}

    /** Returns the number of calls of this turn, which have no deadline yet. */
    get enteringCount(): number {
        return this.entering.length;
    }

    get isEmpty(): boolean {
        return this.ready.first === null;
    }

    /** Returns all unsent calls. */
    unsent(): Call<unknown>[] {
        return [...this.entering, ...this.ready, ...this.largeValues.waiting];
    }

    enter(call: Call<unknown>): void {
        this.entering.push(call);
        this.flushSoon();
    }

    /** Takes back calls without an answer. They are older than the waiting calls. */
    requeue(calls: CallList): void {
        this.ready.prepend(calls);
    }

    flushSoon(): void {
        if (this.isFlushScheduled) return;
        this.isFlushScheduled = true;
        if (this.isOneOfSeveral) setImmediate(this.flushTurn);
        else process.nextTick(this.flushTurn);
    }

    /** Ends the turn. Its calls get their deadlines and leave together. */
    flush(): void {
        this.isFlushScheduled = false;
        const { deadlines, metrics, requestTimeoutMs } = this.host;
        const nowMs = deadlines.readClock();
        const startedUs = metrics.clockUs(nowMs);
        const deadlineMs = nowMs + requestTimeoutMs;
        for (const call of this.entering) {
            if (call.settled) continue;
            call.holder = this;
            call.startedUs = startedUs;
            deadlines.add((call.deadline ??= new Deadline(call, deadlineMs, true)));
            this.ready.push(call);
        }
        this.entering.length = 0;
        this.dispatch();
    }

    /** Removes and returns the next call to send, null if there is none. */
    dequeue(): Call<unknown> | null {
        for (let call = this.ready.shift(); call !== null; call = this.ready.shift()) {
            if (call.settled) this.largeValues.done(call);
            else if (call.largeBytes > 0 || this.largeValues.admit(call)) return call;
        }
        return null;
    }

    /** Fails the waiting calls whose deadline is before `beforeMs`. */
    shed(beforeMs: number, error: () => Error): void {
        for (let call = this.ready.first; call !== null && call.deadlineMs < beforeMs; call = this.ready.first) {
            this.ready.shift();
            if (!call.settled) call.fail(error());
            this.largeValues.done(call);
        }
    }

    /** Drops settled calls from the head. Calls settle about in the order of their arrival. */
    onLate(): void {
        while (this.ready.first?.settled === true) this.largeValues.done(this.ready.shift()!);
        this.largeValues.dropSettled();
    }

    rejectAll(error: () => Error): void {
        const calls = [...this.ready, ...this.entering, ...this.largeValues.clear()];
        this.ready.clear();
        this.entering.length = 0;
        for (const call of calls) {
            this.largeValues.done(call);
            if (!call.settled) call.fail(error());
        }
    }
}
