import { BulkWindow } from './BulkWindow';
import type { Call } from './Call';
import type { Deadlines } from './Deadlines';
import { BULK_BYTES, LargeReplies } from './LargeReplies';
import type { ServerCounts } from './ServerCounts';

/** What the queue asks of its server. */
export interface QueueOwner {
    readonly requestTimeoutMs: number;
    readonly deadlines: Deadlines;
    readonly counts: ServerCounts;
    /** A turn of the event loop is over, or there is room again: what the queue has may be sent. */
    onTurn(): void;
}

/**
 * The calls to one server that have not been sent: those made in this turn of the event loop, those that wait for a channel, and large values that wait until
 * there is room for them.
 */
export class CallQueue {
    readonly largeReplies = new LargeReplies();
    private readonly turn: Call<unknown>[] = [];
    private waiting: Call<unknown>[] = [];
    private readonly window = new BulkWindow();
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
        return this.turn.length;
    }

    get isEmpty(): boolean {
        return this.waiting.length === 0;
    }

    /** All that have not been sent. */
    unsent(): Call<unknown>[] {
        return [...this.turn, ...this.waiting, ...this.window.waiting];
    }

    enter(call: Call<unknown>): void {
        this.turn.push(call);
        this.flushSoon();
    }

    /** It was sent in vain, and waits for another channel. */
    returned(call: Call<unknown>): void {
        this.waiting.push(call);
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
        const { deadlines, counts, requestTimeoutMs } = this.owner;
        const nowMs = deadlines.readClock();
        const startedUs = counts.beginning(nowMs);
        const deadlineMs = nowMs + requestTimeoutMs;
        for (const call of this.turn) {
            if (call.settled) continue;
            call.startedUs = startedUs;
            deadlines.add(call, call.deadlineMs === 0 ? deadlineMs : call.deadlineMs);
            this.waiting.push(call);
        }
        this.turn.length = 0;
        this.owner.onTurn();
    }

    /** What may be sent now. Small calls always; one that moves a large value when there is room for it. */
    take(): Call<unknown>[] {
        const calls = this.waiting;
        this.waiting = [];
        let kept = 0;
        for (const call of calls) {
            if (call.settled) this.leave(call);
            else if (call.isBulk || this.mayPass(call)) calls[kept++] = call;
        }
        calls.length = kept;
        return calls;
    }

    /** It is answered, or sent no more: what waits for its room may pass. */
    leave(call: Call<unknown>): void {
        if (!call.isBulk) return;
        const admitted = this.window.leave(call);
        if (admitted.length === 0) return;
        this.waiting.push(...admitted);
        this.flushSoon();
    }

    dropSettled(): void {
        this.waiting = this.waiting.filter(call => !call.settled || call.isBulk);
        this.window.dropSettled();
    }

    rejectAll(error: () => Error): void {
        const calls = [...this.waiting, ...this.turn, ...this.window.clear()];
        this.waiting = [];
        this.turn.length = 0;
        for (const call of calls) {
            this.leave(call);
            if (!call.settled) call.fail(error());
        }
    }

    private mayPass(call: Call<unknown>): boolean {
        const bytes = Math.max(call.valueBytes, this.largeReplies.expected(call.key));
        return bytes < BULK_BYTES || this.window.enter(call, bytes);
    }
}
