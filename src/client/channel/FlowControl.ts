import type { Call } from '../calls/Call';
import type { Deadlines } from '../calls/Deadlines';

/**
 * The share of `request_timeout` that a call may wait on a channel. A call that waits in the queue
 * instead can still move to another channel, even if it is not idempotent. It may wait there for half
 * of its time, so that every call that is sent is answered in time.
 */
const MAX_WAIT_SHARE = 3 / 8;

/** Not so few that a pause of this process would be followed by many round trips. */
const MIN_LIMIT = 16;

/** What the channels of one server share. */
export interface FlowContext {
    readonly requestTimeoutMs: number;
    readonly deadlines: Deadlines;
    /** How many requests a channel answers in time. `FlowControl` writes it; it holds for the next channel too. */
    maxInFlight: number;
}

/**
 * How many requests a channel may have in flight, and for how long a call may wait on it. As TCP finds
 * its window: one call per round trip is measured. How long it waited, and how many requests were
 * before it, tells how many the server answers in time.
 */
export class FlowControl {
    /** Requests that are unanswered; each key of a batch is one. */
    private inFlight = 0;
    /** The call that is measured, and the requests in flight when it was sent, itself included. */
    private probe: Call<unknown> | null = null;
    private probeInFlight = 0;
    /** How long a call takes that has few before it: the way there and back, and the server's own pace. */
    private wayMs = 0;
    /** How long a call may wait. */
    private patienceMs = 0;
    /** When the channel last answered. */
    private answeredMs = 0;
    /** Since when it answers without a pause. */
    private answeringMs = 0;

    constructor(private readonly context: FlowContext) {
        this.setWay(0);
    }

    /** The channel has as many requests as it can answer in time. */
    get isAtLimit(): boolean {
        return this.inFlight >= this.context.maxInFlight;
    }

    /** @param oldest the unanswered call that was sent first */
    isSlow(oldest: Call<unknown> | null): boolean {
        return oldest !== null && (this.isAtLimit || this.ageOf(oldest.sentMs) > this.patienceMs);
    }

    /** The channel has answered without a pause for this long. */
    isAnsweringFor(ms: number): boolean {
        return this.ageOf(this.answeringMs) >= ms && this.ageOf(this.answeredMs) <= this.patienceMs;
    }

    /** The channel takes calls from now on. */
    start(): void {
        this.answeredMs = this.answeringMs = this.context.deadlines.stamp;
    }

    sent(call: Call<unknown>): void {
        this.inFlight += call.frameCount;
        if (this.probe !== null) return;
        this.probe = call;
        this.probeInFlight = this.inFlight;
    }

    answered(call: Call<unknown>): void {
        this.inFlight -= call.frameCount;
        if (call === this.probe) this.adaptLimit(this.ageOf(call.sentMs));
    }

    /** Replies were read in this turn. */
    onReplies(): void {
        const { stamp } = this.context.deadlines;
        if (this.ageOf(this.answeredMs) > this.patienceMs) this.answeringMs = stamp;
        this.answeredMs = stamp;
    }

    /** With few requests before it the call waited for the way, and fewer still would not shorten that. */
    private adaptLimit(waitedMs: number): void {
        const { context, probeInFlight } = this;
        this.probe = null;
        const areFew = probeInFlight <= MIN_LIMIT;
        if (areFew || waitedMs < this.wayMs) this.setWay(waitedMs);
        const spare = this.patienceMs / waitedMs;
        if (spare >= 1) context.maxInFlight *= Math.min(2, spare);
        else if (!areFew) context.maxInFlight = Math.max(MIN_LIMIT, probeInFlight * spare);
    }

    /** The patience is a share of the rest. A way that takes most of the time is a pause that will pass. */
    private setWay(ms: number): void {
        const { requestTimeoutMs } = this.context;
        this.wayMs = Math.min(ms, requestTimeoutMs / 2);
        this.patienceMs = this.wayMs + (requestTimeoutMs - this.wayMs) * MAX_WAIT_SHARE;
    }

    private ageOf(stamp: number): number {
        return this.context.deadlines.ageOf(stamp);
    }
}
