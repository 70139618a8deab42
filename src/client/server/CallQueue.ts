import { LargeValueWindow } from './LargeValues';
import type { Call } from '../calls/Call';
import { CallList } from '../calls/CallList';
import { Deadline, type Deadlines } from '../calls/Deadlines';
import { LARGE_BYTES, LargeReplies } from './LargeReplies';
import type { ServerMetrics } from '../../diagnostics/ServerMetrics';

/** What the queue asks of its server. */
export interface QueueOwner {
    readonly requestTimeoutMs: number;
    readonly deadlines: Deadlines;
    readonly metrics: ServerMetrics;
    /** A turn of the event loop is over, or there is room again: what the queue has may be sent. */
    onQueueReady(): void;
}

/**
 * The calls to one server that have not been sent: those made in this turn of the event loop, those that wait for a channel, and large values that wait until
 * there is room for them.
 */
export class CallQueue {
    readonly largeReplies = new LargeReplies();
    private readonly entering: Call<unknown>[] = [];
    private readonly ready = new CallList();
    private readonly window = new LargeValueWindow();
    private isFlushScheduled = false;
    /**
     * Replies of one server bring about calls for all of them. When they leave after all sockets have been read, each server gets one write with
     * many instead of many with few; for a server that is alone that is so anyway.
     */
    isOneOfSeveral = false;
    private readonly flushTurn = (): void => this.flush();

    constructor(private readonly owner: QueueOwner) {}

    /** Calls that have no deadline yet: those of this turn. */
    get enteringCount(): number {
        return this.entering.length;
    }

    get isEmpty(): boolean {
        return this.ready.first === null;
    }

    /** All that have not been sent. */
    unsent(): Call<unknown>[] {
        return [...this.entering, ...this.ready, ...this.window.waiting];
    }

    enter(call: Call<unknown>): void {
        this.entering.push(call);
        this.flushSoon();
    }

    /** They were sent in vain, and wait for another channel. They are older than those that wait. */
    requeue(calls: CallList): void {
        this.ready.prepend(calls);
    }

    flushSoon(): void {
        if (this.isFlushScheduled) return;
        this.isFlushScheduled = true;
        if (this.isOneOfSeveral) setImmediate(this.flushTurn);
        else process.nextTick(this.flushTurn);
    }

    /** The turn is over: its calls get their deadlines and leave together. */
    flush(): void {
        this.isFlushScheduled = false;
        const { deadlines, metrics: counts, requestTimeoutMs } = this.owner;
        const nowMs = deadlines.readClock();
        const startedUs = counts.clockUs(nowMs);
        const deadlineMs = nowMs + requestTimeoutMs;
        for (const call of this.entering) {
            if (call.settled) continue;
            call.startedUs = startedUs;
            deadlines.add((call.deadline ??= new Deadline(call, deadlineMs, true)));
            this.ready.push(call);
        }
        this.entering.length = 0;
        this.owner.onQueueReady();
    }

    /** The next that may be sent, null for none. Small calls always may; one that moves a large value when there is room for it. */
    dequeue(): Call<unknown> | null {
        for (let call = this.ready.shift(); call !== null; call = this.ready.shift()) {
            if (call.settled) this.releaseLarge(call);
            else if (call.isLarge || this.canPass(call)) return call;
        }
        return null;
    }

    /** Fails those that wait and have a deadline before this. */
    shed(beforeMs: number, error: () => Error): void {
        for (let call = this.ready.first; call !== null && call.deadlineMs < beforeMs; call = this.ready.first) {
            this.ready.shift();
            if (!call.settled) call.fail(error());
            this.releaseLarge(call);
        }
    }

    /** It is answered, or sent no more: what waits for its room may pass. */
    releaseLarge(call: Call<unknown>): void {
        if (!call.isLarge) return;
        const admitted = this.window.release(call);
        if (admitted.length === 0) return;
        for (const one of admitted) this.ready.push(one);
        this.flushSoon();
    }

    /** They settle about in the order in which they came. */
    dropSettled(): void {
        while (this.ready.first?.settled === true) this.releaseLarge(this.ready.shift()!);
        this.window.dropSettled();
    }

    rejectAll(error: () => Error): void {
        const calls = [...this.ready, ...this.entering, ...this.window.clear()];
        this.ready.clear();
        this.entering.length = 0;
        for (const call of calls) {
            this.releaseLarge(call);
            if (!call.settled) call.fail(error());
        }
    }

    private canPass(call: Call<unknown>): boolean {
        const bytes = Math.max(call.valueBytes, this.largeReplies.expectedBytes(call.key));
        return bytes < LARGE_BYTES || this.window.tryAdmit(call, bytes);
    }
}
