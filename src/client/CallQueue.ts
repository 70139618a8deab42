import { BulkWindow } from './BulkWindow';
import type { Call } from './Call';
import { CallList } from './CallList';
import { Deadline, type Deadlines } from './Deadlines';
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
    private readonly waiting = new CallList();
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
        return this.waiting.first === null;
    }

    /** All that have not been sent. */
    unsent(): Call<unknown>[] {
        return [...this.turn, ...this.waiting, ...this.window.waiting];
    }

    enter(call: Call<unknown>): void {
        this.turn.push(call);
        this.flushSoon();
    }

    /** They were sent in vain, and wait for another channel. They are older than those that wait. */
    returned(calls: CallList): void {
        this.waiting.prepend(calls);
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
            deadlines.add((call.deadline ??= new Deadline(call, deadlineMs, true)));
            this.waiting.push(call);
        }
        this.turn.length = 0;
        this.owner.onTurn();
    }

    /** The next that may be sent, null for none. Small calls always may; one that moves a large value when there is room for it. */
    take(): Call<unknown> | null {
        for (let call = this.waiting.shift(); call !== null; call = this.waiting.shift()) {
            if (call.settled) this.leave(call);
            else if (call.isBulk || this.mayPass(call)) return call;
        }
        return null;
    }

    /** Fails those that wait and have a deadline before this. */
    shed(beforeMs: number, error: () => Error): void {
        for (let call = this.waiting.first; call !== null && call.deadlineMs < beforeMs; call = this.waiting.first) {
            this.waiting.shift();
            if (!call.settled) call.fail(error());
            this.leave(call);
        }
    }

    /** It is answered, or sent no more: what waits for its room may pass. */
    leave(call: Call<unknown>): void {
        if (!call.isBulk) return;
        const admitted = this.window.leave(call);
        if (admitted.length === 0) return;
        for (const one of admitted) this.waiting.push(one);
        this.flushSoon();
    }

    /** They settle about in the order in which they came. */
    dropSettled(): void {
        while (this.waiting.first?.settled === true) this.leave(this.waiting.shift()!);
        this.window.dropSettled();
    }

    rejectAll(error: () => Error): void {
        const calls = [...this.waiting, ...this.turn, ...this.window.clear()];
        this.waiting.clear();
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
