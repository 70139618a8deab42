import type { Call, CallHolder, CallHost } from '../calls/Call';
import { CallList } from '../calls/CallList';
import { Deadline } from '../calls/Deadlines';
import { LargeValues } from './LargeValues';

/**
 * The calls to one server that have not been sent: those made in this turn of the event loop
 * (`entering`), those that wait for a channel (`ready`), and those that wait in `largeValues`.
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
     * Replies of one server bring about calls for all of them. When all sockets have been read
     * first, these calls are one write for each server. A server that is alone needs no such wait.
     */
    isOneOfSeveral = false;
    private readonly flushTurn = (): void => this.flush();

    /** @param dispatch sends what may be sent: a turn is over, or there is room again */
    constructor(
        private readonly host: CallHost,
        private readonly dispatch: () => void,
    ) {}

    /** Calls that have no deadline yet: those of this turn. */
    get enteringCount(): number {
        return this.entering.length;
    }

    get isEmpty(): boolean {
        return this.ready.first === null;
    }

    /** All calls that have not been sent. */
    unsent(): Call<unknown>[] {
        return [...this.entering, ...this.ready, ...this.largeValues.waiting];
    }

    enter(call: Call<unknown>): void {
        this.entering.push(call);
        this.flushSoon();
    }

    /** Takes back calls that were sent in vain. They are older than those that wait. */
    requeue(calls: CallList): void {
        this.ready.prepend(calls);
    }

    flushSoon(): void {
        if (this.isFlushScheduled) return;
        this.isFlushScheduled = true;
        if (this.isOneOfSeveral) setImmediate(this.flushTurn);
        else process.nextTick(this.flushTurn);
    }

    /** Ends the turn: its calls get their deadlines and leave together. */
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

    /** Removes and returns the next call that may be sent, null if there is none. */
    dequeue(): Call<unknown> | null {
        for (let call = this.ready.shift(); call !== null; call = this.ready.shift()) {
            if (call.settled) this.largeValues.done(call);
            else if (call.largeBytes > 0 || this.largeValues.admit(call)) return call;
        }
        return null;
    }

    /** Fails the calls that wait and have a deadline before this. */
    shed(beforeMs: number, error: () => Error): void {
        for (let call = this.ready.first; call !== null && call.deadlineMs < beforeMs; call = this.ready.first) {
            this.ready.shift();
            if (!call.settled) call.fail(error());
            this.largeValues.done(call);
        }
    }

    /** A call has run out of time. Calls settle about in the order in which they came. */
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
