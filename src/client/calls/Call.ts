import { Deadline, type Deadlines, type Timed } from './Deadlines';
import { timedOut } from '../model/errors';
import type { Reply, RequestWriter } from '../protocol/Protocol';
import { refused } from '../protocol/refusal';
import { NOT_STARTED, type ServerMetrics } from '../../diagnostics/ServerMetrics';

/** What a call needs to know of the server it was given to. */
export interface CallHost {
    readonly address: string;
    readonly requestTimeoutMs: number;
    readonly deadlines: Deadlines;
    readonly metrics: ServerMetrics;
    /** See `MemcachedServer`. */
    readonly epoch: number;
    /** A call has settled by its deadline and not by a reply. */
    onExpired(call: Call<unknown>): void;
}

/** What a call was put on. */
export interface CallChannel {
    /** A call has not been answered in time: is the channel to blame? */
    judge(): void;
}

/**
 * When a call may be sent again although its first copy may have been carried out.
 * `always`: carrying it out twice, the first copy late, does no harm; at worst something is a miss.
 * `afterClose`: it stores a value, and the first copy could undo what was written in between. So only
 * when the server has closed the connection: then nothing of it is carried out late.
 * `never`: twice is not the same as once.
 */
export type Retry = 'always' | 'afterClose' | 'never';

let resolveNew: (value: unknown) => void;
let rejectNew: (error: Error) => void;
function capture(resolve: (value: unknown) => void, reject: (error: Error) => void): void {
    resolveNew = resolve;
    rejectNew = reject;
}

/**
 * One request: what to send, what a reply to it means, and the promise of whoever waits. It settles exactly once: by its reply,
 * by a fault that may not be repeated, or by its deadline.
 */
export abstract class Call<T> implements Timed {
    /** Callers await what `server.send` returns: a traced call has another promise. */
    readonly promise: Promise<T>;
    private readonly resolve: (value: unknown) => void;
    private readonly reject: (error: Error) => void;

    settled = false;
    /** How often it was tried again after a fault. */
    retries = 0;

    host: CallHost | null = null;
    deadline: Deadline | null = null;
    /** By the clock of `ServerCounts`. */
    startedUs = NOT_STARTED;
    channel: CallChannel | null = null;
    /** Its place on the channel: the opaques from `opaque` on, `frames` of them. */
    opaque = 0;
    frameCount = 1;
    /** When it was put on its channel: ms of the turn's clock in 32 bits, which is a small integer. */
    sentMs = 0;
    /** Bytes that the channel owes while this call is unanswered: sent and, roughly, expected. */
    bytesInFlight = 0;
    /** It moves a large value, of about so many bytes, and has been let through the window for those. */
    isLarge = false;
    largeBytes = 0;

    /** What it is called where it is traced. */
    abstract readonly operation: string;

    abstract readonly retry: Retry;

    /** @param key the key it is about, '' for none or many */
    constructor(readonly key = '') {
        this.promise = new Promise<T>(capture as never);
        this.resolve = resolveNew;
        this.reject = rejectNew;
    }

    /** 0: it gets that of its turn. */
    get deadlineMs(): number {
        return this.deadline === null ? 0 : this.deadline.ms;
    }

    set deadlineMs(ms: number) {
        this.deadline = ms === 0 ? null : new Deadline(this, ms, true);
    }

    /** How many keys a batch is about. */
    get keyCount(): number | undefined {
        return undefined;
    }

    /** What is said of the answer where the call is traced. */
    describeResult(_value: T): string {
        return 'ok';
    }

    /** Of the value that it sends, or of those that it is known to ask for; a rough measure is enough. */
    get valueBytes(): number {
        return 0;
    }

    /** The key that a reply is about. */
    keyOf(_reply: Reply): string {
        return this.key;
    }

    /** Writes all its frames, with opaques from `opaque` on. */
    abstract encode(writer: RequestWriter, opaque: number): void;

    /** It has not been sent yet, and a socket to its server has opened or gone. */
    onEpochChange(): void {}

    /** It has failed: whether it was carried out may be unknown. */
    onFailed(): void {}

    /** Takes a reply to one of its frames; true: that was the last one. */
    abstract onReply(reply: Reply): boolean;

    /** Whether it is the last reply to a call that has settled before. */
    isLast(reply: Reply): boolean {
        return (reply.opaque - this.opaque) >>> 0 === this.frameCount - 1;
    }

    succeed(value: T): void {
        if (!this.markSettled()) return;
        if (this.host !== null) this.host.metrics.answered++;
        this.resolve(value);
    }

    fail(error: Error): void {
        if (!this.markSettled()) return;
        this.onFailed();
        this.host?.metrics.recordFailure(error);
        this.reject(error);
    }

    expire(): void {
        if (this.settled) return;
        const host = this.host!;
        this.fail(timedOut(host.address, host.requestTimeoutMs));
        host.metrics.recordTimeout(this.startedUs, host.deadlines.nowMs);
        host.onExpired(this);
    }

    protected rejectWith(reply: Reply): true {
        this.fail(refused(this.host!.address, reply.outcome, reply.detail()));
        return true;
    }

    private markSettled(): boolean {
        if (this.settled) return false;
        this.settled = true;
        if (this.deadline !== null) this.host?.deadlines.remove(this.deadline);
        return true;
    }
}
