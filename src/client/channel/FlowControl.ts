import type { Call } from '../calls/Call';
import type { Deadlines } from '../calls/Deadlines';

/**
 * The share of `request_timeout` that a call may wait on a channel. A call that waits in the queue
 * instead can still move to another channel, even if it is not idempotent. It may wait there for
 * half of its time, so that the server answers sent calls in time.
 */
const MAX_WAIT_SHARE = 3 / 8;

/** The lowest limit. A lower one would cost many round trips after a pause of this process. */
const MIN_LIMIT = 16;

/** The state that the channels of one server share. */
export interface FlowContext {
    readonly requestTimeoutMs: number;
    readonly deadlines: Deadlines;
    /** The number of requests that a channel answers in time. Only `FlowControl` may write it. */
    maxInFlight: number;
}

/**
 * The limits of a channel for requests in flight, and for the wait of a call. Like the window of
 * TCP, the limit follows a sample per round trip. The wait of a call behind n requests tells how
 * many the server answers in time.
 */
export class FlowControl {
    /** The number of unanswered requests. Each key of a batch is one request. */
    private inFlight = 0;
    /** The sampled call, and the requests in flight at its send, itself included. */
    private sample: Call<unknown> | null = null;
    private sampleInFlight = 0;
    /** The time of a call with few calls before it: the network and the server's own pace. */
    private roundTripMs = 0;
    /** The longest wait of a call, the round trip included. */
    private maxWaitMs = 0;
    /** The time of the last reply. */
    private lastReplyMs = 0;
    /** The start of the time in which the channel answers without a pause. */
    private answeringSinceMs = 0;

    constructor(private readonly context: FlowContext) {
        this.setRoundTrip(0);
    }

    /** Returns whether the channel has as many requests as it can answer in time. */
    get isAtLimit(): boolean {
        return this.inFlight >= this.context.maxInFlight;
    }

    /** @param oldest the unanswered call that the channel sent first */
    isSlow(oldest: Call<unknown> | null): boolean {
        return oldest !== null && (this.isAtLimit || this.ageOf(oldest.sentMs) > this.maxWaitMs);
    }

    /** Returns whether the channel has answered without a pause for this long. */
    isAnsweringFor(ms: number): boolean {
        return this.ageOf(this.answeringSinceMs) >= ms && this.ageOf(this.lastReplyMs) <= this.maxWaitMs;
    }

    /** Starts the limits of a channel that takes calls from now on. */
    start(): void {
        this.lastReplyMs = this.answeringSinceMs = this.context.deadlines.stamp;
    }

    sent(call: Call<unknown>): void {
        this.inFlight += call.frameCount;
        if (this.sample !== null) return;
        this.sample = call;
        this.sampleInFlight = this.inFlight;
    }

    answered(call: Call<unknown>): void {
        this.inFlight -= call.frameCount;
        if (call === this.sample) this.adaptLimit(this.ageOf(call.sentMs));
    }

    /** Records that the channel has read replies in this turn. */
    onReplies(): void {
        const { stamp } = this.context.deadlines;
        if (this.ageOf(this.lastReplyMs) > this.maxWaitMs) this.answeringSinceMs = stamp;
        this.lastReplyMs = stamp;
    }

    /** Adapts the limit. A lower limit would not help calls that only wait for the network. */
    private adaptLimit(waitedMs: number): void {
        const { context, sampleInFlight } = this;
        this.sample = null;
        const isUncrowded = sampleInFlight <= MIN_LIMIT;
        if (isUncrowded || waitedMs < this.roundTripMs) this.setRoundTrip(waitedMs);
        const spare = this.maxWaitMs / waitedMs;
        if (spare >= 1) context.maxInFlight *= Math.min(2, spare);
        else if (!isUncrowded) context.maxInFlight = Math.max(MIN_LIMIT, sampleInFlight * spare);
    }

    /** Sets the round trip, at most half of the timeout. A longer time is a pause of the server. */
    private setRoundTrip(ms: number): void {
        const { requestTimeoutMs } = this.context;
        this.roundTripMs = Math.min(ms, requestTimeoutMs / 2);
        this.maxWaitMs = this.roundTripMs + (requestTimeoutMs - this.roundTripMs) * MAX_WAIT_SHARE;
    }

    private ageOf(stamp: number): number {
        return this.context.deadlines.ageOf(stamp);
    }
}
