import type { Call } from '../calls/Call';
import type { Deadlines } from '../calls/Deadlines';

/**
 * The share of `request_timeout` that a call may wait on a channel. A call that waits in the queue
 * instead can still move to another channel, even if it is not idempotent. It may wait there for
 * half of its time, so that every call that is sent is answered in time.
 */
const MAX_WAIT_SHARE = 3 / 8;

/** With fewer, a pause of this process would be followed by many round trips. */
const MIN_LIMIT = 16;

/** What the channels of one server share. */
export interface FlowContext {
    readonly requestTimeoutMs: number;
    readonly deadlines: Deadlines;
    /** How many requests a channel answers in time. Only `FlowControl` may write it. */
    maxInFlight: number;
}

/**
 * How many requests a channel may have in flight, and how long a call may wait on it. Like the
 * window of TCP, the limit follows a sample per round trip: how long a call waited behind how many
 * requests tells how many the server answers in time.
 */
export class FlowControl {
    /** Requests that are unanswered; each key of a batch is one. */
    private inFlight = 0;
    /** The sampled call, and the requests in flight when it was sent, itself included. */
    private sample: Call<unknown> | null = null;
    private sampleInFlight = 0;
    /** How long a call takes with few calls before it: the network and the server's own pace. */
    private roundTripMs = 0;
    /** How long a call may wait, the round trip included. */
    private maxWaitMs = 0;
    /** When the channel last answered. */
    private lastReplyMs = 0;
    /** Since when the channel answers without a pause. */
    private answeringSinceMs = 0;

    constructor(private readonly context: FlowContext) {
        this.setRoundTrip(0);
    }

    /** The channel has as many requests as it can answer in time. */
    get isAtLimit(): boolean {
        return this.inFlight >= this.context.maxInFlight;
    }

    /** @param oldest the unanswered call that was sent first */
    isSlow(oldest: Call<unknown> | null): boolean {
        return oldest !== null && (this.isAtLimit || this.ageOf(oldest.sentMs) > this.maxWaitMs);
    }

    /** The channel has answered without a pause for this long. */
    isAnsweringFor(ms: number): boolean {
        return this.ageOf(this.answeringSinceMs) >= ms && this.ageOf(this.lastReplyMs) <= this.maxWaitMs;
    }

    /** The channel takes calls from now on. */
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

    /** Replies were read in this turn. */
    onReplies(): void {
        const { stamp } = this.context.deadlines;
        if (this.ageOf(this.lastReplyMs) > this.maxWaitMs) this.answeringSinceMs = stamp;
        this.lastReplyMs = stamp;
    }

    /** A call with few calls before it waits for the network. A lower limit would not help it. */
    private adaptLimit(waitedMs: number): void {
        const { context, sampleInFlight } = this;
        this.sample = null;
        const isUncrowded = sampleInFlight <= MIN_LIMIT;
        if (isUncrowded || waitedMs < this.roundTripMs) this.setRoundTrip(waitedMs);
        const spare = this.maxWaitMs / waitedMs;
        if (spare >= 1) context.maxInFlight *= Math.min(2, spare);
        else if (!isUncrowded) context.maxInFlight = Math.max(MIN_LIMIT, sampleInFlight * spare);
    }

    /** A round trip of more than half the timeout is a pause that will pass. */
    private setRoundTrip(ms: number): void {
        const { requestTimeoutMs } = this.context;
        this.roundTripMs = Math.min(ms, requestTimeoutMs / 2);
        this.maxWaitMs = this.roundTripMs + (requestTimeoutMs - this.roundTripMs) * MAX_WAIT_SHARE;
    }

    private ageOf(stamp: number): number {
        return this.context.deadlines.ageOf(stamp);
    }
}
