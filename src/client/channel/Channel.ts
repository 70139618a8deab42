import type { Socket } from 'node:net';
import type { Call } from '../calls/Call';
import { CallList } from '../calls/CallList';
import { closedByServerError, describeSocketError, timeoutError, type Stage } from './socketErrors';
import type { ConnectSpan } from './ConnectSpan';
import { Deadline, type Deadlines, type Timed } from '../calls/Deadlines';
import { LARGE_BYTES, type LargeReplies } from '../server/LargeReplies';
import type { Protocol, Reply, ReplyDecoder, RequestWriter } from '../protocol/Protocol';
import type { ServerMetrics } from '../../diagnostics/ServerMetrics';
import { formatAddress, type ServerAddress } from '../model/ServerAddress';
import { LoginCall, ProofCall } from '../calls/serverCalls';
import { authFailed, encodeFailed } from '../model/errors';
import { connect, reset, secure } from './sockets';

const READ_BYTES = 64 * 1024;

/** While a channel owes less than this, the next calls join it: one write for all of them is worth more than a second socket. */
const SPREAD_BYTES = 256 * 1024;

/** A channel that owes this much is kept busy. More would only lie in memory: copies of values, and buffers of the socket. */
const FULL_BYTES = 1024 * 1024;

/**
 * The share of `request_timeout` that a call may wait on a channel. What waits in the queue instead can still be sent on another channel, also when it may not be repeated; it may wait
 * for half of its time there, so that what is sent is answered in time.
 */
const MAX_WAIT_SHARE = 3 / 8;

/** Not so few that a pause of this process would be followed by many round trips. */
const MIN_LIMIT = 16;

/** Who opened the channel: hears of it once when it is ready and once when it is gone. */
export interface ChannelOwner {
    onReady(channel: Channel): void;
    /** Replies have come, so many of them small, with so many bytes in their bodies. */
    onReplies(channel: Channel, small: number, bytes: number): void;
    /** A call that moved a large value has its answer. */
    onBulkDone(call: Call<unknown>): void;
    /** The socket is closed: nothing of the channel is left. */
    onClosed(): void;
    /** @param fault null when the channel ended in peace: idle, or closed by us. `pending` are the unanswered calls. */
    onGone(channel: Channel, fault: Error | null, pending: CallList): void;
    /** What a small reply holds on the average, for the account of what a channel owes. */
    readonly smallReplyBytes: number;
    readonly largeReplies: LargeReplies;
    /** How many requests a channel answers in time. Channels find it out and keep it here: it is true of the next one, too. */
    maxInFlight: number;
    readonly metrics: ServerMetrics;
    readonly deadlines: Deadlines;
    readonly protocol: Protocol;
}

export interface ChannelOptions {
    readonly connectTimeoutMs: number;
    readonly requestTimeoutMs: number;
    readonly idleMs: number;
}

/**
 * One socket, used until its first fault and then thrown away: nothing of it outlives it. Calls leave in the order of `add`, all of a turn in
 * one write; memcached answers in that order, so a reply belongs to the call at the head, or it is a fault.
 */
export class Channel implements Timed {
    /** TCP or a unix path. */
    private readonly raw: Socket;
    /** What bytes go through: `raw`, or TLS on it. */
    private socket: Socket;
    private readonly address: string;
    private readonly writer: RequestWriter;
    private readonly decoder: ReplyDecoder;
    private readonly chunk = Buffer.allocUnsafeSlow(READ_BYTES);
    /** Where the socket reads to: the chunk, or the place of a large value. */
    private reading: Buffer | null = null;
    /** What is unanswered. */
    private readonly pending = new CallList();
    private state: 'connecting' | 'ready' | 'gone' = 'connecting';
    /** It could be used. */
    wasReady = false;
    /** Why a reply could not be taken; set where there is no way to say it. */
    private wrongReply: Error | null = null;
    /** Of the bytes in hand. */
    private hasAnswered = false;
    /** For the words that a fault is told in. */
    private stage: Stage = 'connecting';
    /** When it last answered, by the clock of `Call.sentMs`. */
    private answeredMs = 0;
    /** When bytes of an answer last came. */
    private heardMs = 0;
    /** Since when it answers without a pause. */
    private answeringMs = 0;
    /** How long a call takes that has few before it: the way there and back, and the server's own pace. */
    private wayMs = 0;
    /** So long a call may wait on it. */
    private patienceMs = 0;
    /** The call whose way is measured, and how many requests were in flight with it. */
    private probe: Call<unknown> | null = null;
    private probeInFlight = 0;
    private smallReplies = 0;
    private smallBytes = 0;
    /** By then it is connected, or is judged. */
    private deadline!: Deadline;
    /** Requests that are unanswered; each key of a batch is one. */
    private inFlight = 0;

    /** Bytes sent and not answered, and bytes expected: what the next call would wait for. */
    bytesInFlight = 0;
    /** How many unanswered calls move large values. */
    largeCallsInFlight = 0;
    /** While it is traced how it connects. */
    connectSpan: ConnectSpan | null = null;
    /** The server's count of faults when this channel last showed that it works; the server keeps it. */
    healthRound: number;

    constructor(
        private readonly at: ServerAddress,
        private readonly options: ChannelOptions,
        private readonly owner: ChannelOwner,
        round: number,
        /** It is opened beside others that work: calls go to those until it has shown that it works too. */
        private readonly isExtra = false,
        private nextOpaque = owner.protocol.firstOpaque,
    ) {
        this.healthRound = round;
        this.writer = owner.protocol.createWriter();
        this.decoder = owner.protocol.createDecoder(reply => this.onReply(reply));
        this.setWay(0);
        this.address = formatAddress(at);
        this.raw = this.socket = connect(at, options, {
            buffer: () => this.nextBuffer(),
            callback: count => this.onBytes(count),
        });
        this.watch(this.raw);
        this.raw.once('connect', () => (at.tls ? this.secure() : this.onConnect()));
        this.raw.once('close', () => owner.onClosed());
        this.expireAt(owner.deadlines.readClock() + options.connectTimeoutMs);
    }

    get isReady(): boolean {
        return this.state === 'ready';
    }

    get isIdle(): boolean {
        return this.state === 'ready' && this.pending.first === null;
    }

    /** So much is on its way that the next call had better use another channel. */
    get isSaturated(): boolean {
        return this.largeCallsInFlight > 0 || this.bytesInFlight > SPREAD_BYTES || this.decoder.isInLargeReply;
    }

    /** Whether it takes calls. One that owes much, or is slow, gets none: they wait where they can still go elsewhere. */
    get hasRoom(): boolean {
        return this.bytesInFlight < FULL_BYTES && !this.isSlow;
    }

    /** It has as many calls as it can answer in time. */
    get isAtLimit(): boolean {
        return this.inFlight >= this.owner.maxInFlight;
    }

    /** It is slow, and yet has answered all the time for this long. */
    isSlowFor(ms: number): boolean {
        return this.isSlow && this.ageOf(this.answeringMs) >= ms && this.ageOf(this.answeredMs) <= this.patienceMs;
    }

    get isSlow(): boolean {
        const { first } = this.pending;
        return first !== null && (this.isAtLimit || this.ageOf(first.sentMs) > this.patienceMs);
    }

    get isOpen(): boolean {
        return this.state !== 'gone';
    }

    /** Puts the call at the end of the queue; `flush` sends it. */
    add(call: Call<unknown>): void {
        const before = this.writer.pendingBytes;
        call.opaque = this.nextOpaque;
        this.writer.mark();
        try {
            call.encode(this.writer, call.opaque);
        } catch (error) {
            // The other calls of this write must not suffer for it.
            this.writer.rollBack();
            if (call.isLarge) this.owner.onBulkDone(call);
            call.fail(encodeFailed(this.address, error as Error));
            return;
        }
        this.nextOpaque = (this.nextOpaque + call.frameCount) >>> 0;
        call.channel = this;
        call.sentMs = this.owner.deadlines.nowMs | 0;
        const sent = this.writer.pendingBytes - before;
        call.bytesInFlight = Math.max(call.largeBytes, sent) + call.frameCount * this.owner.smallReplyBytes;
        this.bytesInFlight += call.bytesInFlight;
        this.inFlight += call.frameCount;
        if (call.isLarge) this.largeCallsInFlight++;
        this.pending.push(call);
        if (this.probe === null) {
            this.probe = call;
            this.probeInFlight = this.inFlight;
        }
    }

    /** Those that have not been answered. */
    get calls(): Iterable<Call<unknown>> {
        return this.pending;
    }

    flush(): void {
        const { pendingBytes } = this.writer;
        if (pendingBytes === 0) return;
        this.owner.metrics.bytesSent += pendingBytes;
        const { socket } = this;
        const parts = this.writer.take();
        if (parts.length === 1) {
            socket.write(parts[0]!);
        } else {
            socket.cork();
            for (const part of parts) socket.write(part);
            socket.uncork();
        }
        // Nothing waits in the socket: the kernel has it all.
        if (socket.writableLength === 0) this.writer.recycle();
    }

    expire(): void {
        if (this.state === 'ready') this.judge();
        else
            this.end(timeoutError(this.socket, this.stage, this.at.login !== undefined, this.options.connectTimeoutMs));
    }

    /**
     * A call that is late may have waited elsewhere. The channel is at fault when it had the full time to answer its oldest call and has sent nothing in
     * that time, not even a part of a large value. One that answers is slow, and closing it would make a server that has too much to do start again; unless none of its
     * calls has a caller left.
     */
    judge(): void {
        const { first } = this.pending;
        if (first === null) return;
        const { requestTimeoutMs } = this.options;
        const { deadlines } = this.owner;
        const quietMs = Math.min(this.ageOf(first.sentMs), this.ageOf(this.heardMs));
        deadlines.remove(this.deadline);
        if (quietMs >= requestTimeoutMs) this.end(new Error(`no answer within ${requestTimeoutMs} ms`));
        else if (quietMs < requestTimeoutMs / 2 && this.hasNoCaller) this.end(null);
        else this.expireAt(deadlines.nowMs + requestTimeoutMs - quietMs);
    }

    private expireAt(ms: number): void {
        this.deadline = new Deadline(this, ms, false);
        this.owner.deadlines.add(this.deadline);
    }

    private get hasNoCaller(): boolean {
        if (!this.pending.last!.settled) return false;
        for (const call of this.pending) if (!call.settled) return false;
        return true;
    }

    /** Unsigned: a channel may be quiet, or busy without a pause, for the 25 days after which a signed age is negative. */
    private ageOf(ms: number): number {
        return ((this.owner.deadlines.nowMs | 0) - ms) >>> 0;
    }

    /** Ends it now. The fault, if there is one, is what its calls hear; without one they hear it from the owner. */
    end(fault: Error | null): void {
        if (this.state === 'gone') return;
        this.state = 'gone';
        this.owner.deadlines.remove(this.deadline);
        this.owner.deadlines.readClock();
        const { pending } = this;
        // What is unanswered must not be carried out later, over what newer connections write.
        if (pending.first === null) this.raw.destroy();
        else reset(this.raw, this.at);
        this.bytesInFlight = 0;
        this.owner.onGone(this, fault, pending);
    }

    private watch(socket: Socket): void {
        socket.on('error', error => this.end(describeSocketError(error, this.socket, this.stage)));
        socket.on('end', () => this.onEnd());
        socket.on('close', () => this.onEnd());
    }

    private secure(): void {
        this.owner.deadlines.arrived();
        this.socket = secure(this.raw, this.at);
        if (this.socket === this.raw) return;
        this.watch(this.socket);
        this.socket.once('secureConnect', () => this.onConnect());
        this.socket.on('data', (chunk: Buffer) => this.onBytes(chunk.length, chunk));
    }

    private onConnect(): void {
        this.owner.deadlines.arrived();
        this.stage = 'unanswered';
        if (this.at.login !== undefined) this.begin(new LoginCall(this.at.login));
        else if (this.isExtra) this.begin(new ProofCall());
        else this.beReady();
    }

    /** Until the answer to this call has come the channel counts as connecting. */
    private begin(call: Call<boolean>): void {
        this.add(call);
        this.flush();
        call.promise.then(
            isAccepted => (isAccepted ? this.beReady() : this.end(authFailed(this.address))),
            () => {},
        );
    }

    private beReady(): void {
        if (this.state !== 'connecting') return;
        this.owner.deadlines.remove(this.deadline);
        this.state = 'ready';
        this.wasReady = true;
        this.heardMs = this.answeredMs = this.answeringMs = this.owner.deadlines.readClock() | 0;
        this.socket.setTimeout(this.options.idleMs).on('timeout', () => this.onIdle());
        this.owner.onReady(this);
    }

    private onEnd(): void {
        this.end(this.isIdle ? null : closedByServerError(this.socket, this.stage));
    }

    /** Node says it once: without the next line a call that is pending now would keep the socket open for ever. */
    private onIdle(): void {
        if (this.isIdle) this.end(null);
        else this.socket.setTimeout(this.options.idleMs);
    }

    /**
     * Asked before every read. Nothing: the same as last time. While it connects there is no last time: for each address of a name Node takes
     * another handle, and without a buffer of ours that would read to somewhere else.
     */
    private nextBuffer(): Buffer {
        const wanted = this.decoder.target ?? this.chunk;
        if (wanted === this.reading && this.state !== 'connecting') return undefined as never;
        return (this.reading = wanted);
    }

    /** @param chunk where they are; absent: where the socket was told to read to */
    private onBytes(count: number, chunk: Buffer | null = this.reading === this.chunk ? this.chunk : null): boolean {
        if (this.state === 'gone') return false;
        const nowMs = this.owner.deadlines.arrived();
        this.owner.metrics.recordBytes(count, nowMs);
        this.heardMs = nowMs | 0;
        this.hasAnswered = false;
        this.smallReplies = this.smallBytes = 0;
        try {
            if (chunk === null) this.decoder.filled(count);
            else this.take(chunk, count);
        } catch (error) {
            // For example a counter that is none, or a text longer than a string may be. It ends this channel, not the process.
            this.wrongReply = error as Error;
        }
        if (this.hasAnswered) {
            this.stage = 'answered';
            if (this.ageOf(this.answeredMs) > this.patienceMs) this.answeringMs = nowMs | 0;
            this.answeredMs = nowMs | 0;
            // That a login was answered does not mean that calls will be.
            if (this.state === 'ready') this.owner.onReplies(this, this.smallReplies, this.smallBytes);
        }
        if (this.wrongReply !== null) this.end(this.wrongReply);
        return this.isOpen;
    }

    private take(chunk: Buffer, count: number): void {
        const wrong = this.decoder.push(chunk, count);
        if (wrong !== null) this.wrongReply = new Error(wrong);
    }

    private onReply(reply: Reply): boolean {
        const call = this.pending.first;
        if (call === null || (reply.opaque - call.opaque) >>> 0 >= call.frameCount) {
            this.wrongReply = new Error(`a reply came with opaque ${reply.opaque}, which nobody waits for`);
            return false;
        }
        this.hasAnswered = true;
        if (reply.bodyBytes < LARGE_BYTES) {
            this.smallReplies++;
            this.smallBytes += reply.bodyBytes;
        }
        if (call.isLarge || reply.bodyBytes >= LARGE_BYTES) this.measureReply(call, reply);
        const { settled } = call;
        if (!(settled ? call.isLast(reply) : call.onReply(reply))) return true;
        this.pending.shift();
        if (call === this.probe) this.adaptLimit(call);
        call.channel = null;
        this.bytesInFlight -= call.bytesInFlight;
        this.inFlight -= call.frameCount;
        if (!settled) this.owner.metrics.recordReply(call.startedUs);
        if (call.isLarge) {
            this.largeCallsInFlight--;
            this.owner.onBulkDone(call);
        }
        return true;
    }

    private measureReply(call: Call<unknown>, reply: Reply): void {
        const isOfMany = call.keyCount !== undefined;
        const bytes = isOfMany ? reply.bodyBytes : Math.max(reply.bodyBytes, call.valueBytes);
        this.owner.largeReplies.remember(call.keyOf(reply), bytes);
        // What is to come of a batch is likely to be as large.
        const repliesLeft = call.frameCount - 1 - ((reply.opaque - call.opaque) >>> 0);
        const owes = repliesLeft * reply.bodyBytes;
        if (owes <= call.bytesInFlight) return;
        this.bytesInFlight += owes - call.bytesInFlight;
        call.bytesInFlight = owes;
    }

    /**
     * As TCP finds its window, once per round trip: by what a call had to wait, and how many were before it, so many are answered
     * in time. With few before it the wait is not of our making, and fewer still would not shorten it.
     */
    private adaptLimit({ sentMs }: Call<unknown>): void {
        const { owner, probeInFlight } = this;
        const waitedMs = this.ageOf(sentMs);
        this.probe = null;
        const areFew = probeInFlight <= MIN_LIMIT;
        if (areFew || waitedMs < this.wayMs) this.setWay(waitedMs);
        const spare = this.patienceMs / waitedMs;
        if (spare >= 1) owner.maxInFlight *= Math.min(2, spare);
        else if (!areFew) owner.maxInFlight = Math.max(MIN_LIMIT, probeInFlight * spare);
    }

    /** The patience is for the rest. A way that takes most of the time is a pause that will pass. */
    private setWay(ms: number): void {
        const { requestTimeoutMs } = this.options;
        this.wayMs = Math.min(ms, requestTimeoutMs / 2);
        this.patienceMs = this.wayMs + (requestTimeoutMs - this.wayMs) * MAX_WAIT_SHARE;
    }
}
