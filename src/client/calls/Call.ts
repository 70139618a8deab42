import { NOT_STARTED, type ServerMetrics } from '../../diagnostics/ServerMetrics';
import type { KeyCounts } from '../../diagnostics/tracing';
import { timedOut } from '../model/errors';
import type { ServerIdentity } from '../model/ServerIdentity';
import type { Reply, RequestWriter } from '../protocol/Protocol';
import { rejected } from '../protocol/replyErrors';
import { Deadline, type Deadlines, type Timed } from './Deadlines';

/** The server of a call. */
export interface CallHost {
    readonly address: string;
    readonly requestTimeoutMs: number;
    readonly deadlines: Deadlines;
    readonly metrics: ServerMetrics;
    /** The epoch of the server. See `ChannelPool`. */
    readonly epoch: number;
    readonly identity: ServerIdentity | null;
}

/** A place where calls wait. It is the queue of the server, or the channel of a sent call. */
export interface CallHolder {
    /** Reacts to a call that has settled by its deadline, not by a reply. */
    onLate(): void;
}

/**
 * Whether the client may send a call again that the server may have executed, or may execute later.
 *
 * `always`: a second execution, or a late one, does no harm. At worst a value is missing.
 * `afterClose`: a late execution could undo newer writes. Only a server that has closed the
 * connection executes nothing late.
 * `never`: two executions differ from one.
 */
export type Retry = 'always' | 'afterClose' | 'never';

// The executor of all promises. An executor for each call would cost a closure for each call.
let resolveNew: (value: unknown) => void;
let rejectNew: (error: Error) => void;
function capture(resolve: (value: unknown) => void, reject: (error: Error) => void): void {
    resolveNew = resolve;
    rejectNew = reject;
}

/**
 * One or more requests to a server, with the promise of their result. A call settles exactly once:
 * by its reply, by its deadline, or by a fault that forbids a retry.
 *
 * Each heading below names the class that writes the fields under it. Other classes only read them.
 * `GuardedCall` also writes the fields of the call that it wraps.
 */
export abstract class Call<T> implements Timed {
    // Call

    /** The inner promise. Await the promise of `server.send`, which tracing replaces. */
    readonly promise: Promise<T>;
    private readonly resolve: (value: unknown) => void;
    private readonly reject: (error: Error) => void;
    settled = false;
    /** The number of requests that it writes. Each request has its own opaque. */
    frameCount = 1;

    // MemcachedServer and Dispatcher

    host: CallHost | null = null;
    /** Retries after a fault so far. */
    retries = 0;

    // CallQueue, but for a deadline that the creator of the call has set

    deadline: Deadline | null = null;
    /** The end of the turn that has created the call, by the clock of `ServerMetrics`. */
    startedUs = NOT_STARTED;

    // CallQueue, then Channel

    holder: CallHolder | null = null;

    // LargeValues

    /** The estimated size of the large value that it moves. 0 until `LargeValues` admits it. */
    largeBytes = 0;

    // Channel

    /** The opaque of its first request. */
    opaque = 0;
    /** The time of the send, as a stamp of `Deadlines`. */
    sentMs = 0;
    /** The bytes sent, plus the estimated bytes of the replies. */
    bytesInFlight = 0;

    /** Its name in traces. */
    abstract readonly operation: string;

    abstract readonly retry: Retry;

    /**
     * @param key '' for a call without a key, or with many
     * @param valueBytes the estimated size of the values in the request, or in the reply if known
     */
    constructor(
        readonly key = '',
        readonly valueBytes = 0,
    ) {
        this.promise = new Promise<T>(capture as never);
        this.resolve = resolveNew;
        this.reject = rejectNew;
    }

    /** Returns the deadline in ms of `performance.now()`. 0 = the queue sets it. */
    get deadlineMs(): number {
        return this.deadline === null ? 0 : this.deadline.ms;
    }

    set deadlineMs(ms: number) {
        this.deadline = ms === 0 ? null : new Deadline(this, ms, true);
    }

    /** Returns the number of keys of a batch. */
    get keyCount(): number | undefined {
        return undefined;
    }

    /** Returns the outcomes of the keys of a batch, in traces. Call it after a success only. */
    get keyCounts(): KeyCounts | undefined {
        return undefined;
    }

    /** Describes the result in traces. */
    describeResult(_value: T): string {
        return 'ok';
    }

    /** Returns the key that a reply is about. */
    keyOf(_reply: Reply): string {
        return this.key;
    }

    /** Writes its requests, with opaques from `opaque` on. */
    abstract encode(writer: RequestWriter, opaque: number): void;

    /** Reacts to a socket of its server that opens or closes before the send. */
    onEpochChange(): void {}

    /** Limits the expiry of its value to so many seconds. */
    limitExpiry(_limit: number): void {}

    /** Reacts to a failure. The server may have executed the call. */
    onFailed(): void {}

    /** Handles a reply. Returns whether it is the last one. */
    abstract onReply(reply: Reply): boolean;

    /** Returns whether a reply is the last one, for a call that has settled before its replies. */
    isLast(reply: Reply): boolean {
        return (reply.opaque - this.opaque) >>> 0 === this.frameCount - 1;
    }

    succeed(value: T): void {
        if (!this.markSettled()) return;
        if (this.host !== null) this.host.metrics.answered++;
        this.resolve(value);
    }

    fail(error: Error): void {
        if (this.markFailed(error)) this.reject(error);
    }

    /**
     * Fails a call that its server does not admit. The promise rejects after an immediate, so that
     * the event loop runs. Otherwise a caller that repeats such calls without a pause would block
     * it, and with it the recovery.
     */
    refuse(error: Error): void {
        if (this.markFailed(error)) setImmediate(() => this.reject(error));
    }

    expire(): void {
        if (this.settled) return;
        const host = this.host!;
        this.fail(timedOut(host.address, host.requestTimeoutMs));
        host.metrics.recordTimeout(this.startedUs, host.deadlines.nowMs);
        this.holder?.onLate();
    }

    protected rejectWith(reply: Reply): true {
        this.fail(rejected(this.host!.address, reply.outcome, reply.detail()));
        return true;
    }

    private markFailed(error: Error): boolean {
        if (!this.markSettled()) return false;
        this.onFailed();
        this.host?.metrics.recordFailure(error);
        return true;
    }

    private markSettled(): boolean {
        if (this.settled) return false;
        this.settled = true;
        if (this.deadline !== null) this.host?.deadlines.remove(this.deadline);
        return true;
    }
}
