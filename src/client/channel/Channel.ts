import type { Socket } from 'node:net';
import type { Call, CallHolder } from '../calls/Call';
import { CallList } from '../calls/CallList';
import { Deadline, type Timed } from '../calls/Deadlines';
import { HandshakeCall } from '../calls/HandshakeCall';
import { WakeCall } from '../calls/serverCalls';
import type { ServerMetrics } from '../../diagnostics/ServerMetrics';
import { encodeFailed } from '../model/errors';
import type { ClientSettings } from '../model/ClientOptions';
import type { ServerAddress } from '../model/ServerAddress';
import type { ServerIdentity } from '../model/ServerIdentity';
import { TOO_MANY_CONNECTIONS } from '../protocol/foreignServers';
import { ForeignReplyError } from '../protocol/replyErrors';
import type { Protocol, Reply, ReplyDecoder, RequestWriter } from '../protocol/Protocol';
import { ChannelLoad, LARGE_BYTES } from './ChannelLoad';
import { FlowControl, type FlowContext } from './FlowControl';
import { closedByServerError, describeSocketError, timeoutError, type Stage } from './socketErrors';
import { connect, reset, startTls } from './sockets';

const READ_BYTES = 64 * 1024;

/** The most that a TLS record carries. */
const TLS_RECORD_BYTES = 16 * 1024;

/** The part of a server that its channels use. */
export interface ChannelContext extends FlowContext {
    readonly at: ServerAddress;
    readonly address: string;
    readonly options: ClientSettings;
    /** The protocol of the next channel. */
    readonly protocol: Protocol;
    readonly metrics: ServerMetrics;
    readonly largeValues: {
        /** Records the size of a value that the server has answered or stored. */
        answered(key: string, bytes: number): void;
        /** Releases the room of a large value, after the answer or a failed send. */
        done(call: Call<unknown>): void;
    };
}

/** The receiver of the events of a channel. */
export interface ChannelOwner {
    /** Uses a channel that takes calls from now on, as the server has answered its handshake. */
    onReady(channel: Channel, identity: ServerIdentity): void;
    /** Reacts to replies that the channel has read. */
    onReplies(channel: Channel): void;
    /**
     * Takes back the calls of a channel that has ended. The channel calls it once.
     * @param fault null if the client has closed the channel on purpose or while idle
     * @param pending the unanswered calls, which the owner removes from the list
     */
    onGone(channel: Channel, fault: Error | null, pending: CallList): void;
    /** Reacts to a closed socket. Nothing of the channel is left. */
    onClosed(): void;
}

/**
 * One socket, used until its first fault. No state of a channel outlives its socket.
 *
 * Calls leave in the order of `add`, all calls of a turn in one write. The server answers in that
 * order. So a reply belongs to the oldest unanswered call, or it is a fault.
 *
 *     add → pending ─ flush → socket ─ onBytes → decoder ─ onReply → pending.shift()
 */
export class Channel implements CallHolder, Timed {
    readonly load = new ChannelLoad();
    private readonly flow: FlowControl;
    /** The TCP or Unix socket. */
    private readonly raw: Socket;
    /** The stream for bytes, which is `raw` or TLS on it. */
    private socket: Socket;
    private readonly writer: RequestWriter;
    private readonly decoder: ReplyDecoder;
    private readonly chunk = Buffer.allocUnsafeSlow(READ_BYTES);
    /** The buffer that the socket reads into: the chunk, or the place of a large value. */
    private reading: Buffer | null = null;
    /** The unanswered calls, in the order of their sending. */
    private readonly pending = new CallList();
    private state: 'connecting' | 'ready' | 'gone' = 'connecting';
    /** The progress of the connection, for the text of a fault. */
    private stage: Stage = 'connecting';
    /** The fault of a reply, set in the decoder's callback. */
    private wrongReply: Error | null = null;
    /** Whether the bytes in hand completed a reply. */
    private hasAnswered = false;
    /** The time of the last bytes. */
    private lastBytesMs = 0;
    /** The time limit for connecting, then the time of the next `judge`. */
    private deadline!: Deadline;
    private isJudgeScheduled = false;

    constructor(
        private readonly context: ChannelContext,
        private readonly owner: ChannelOwner,
        readonly protocol = context.protocol,
        private nextOpaque = protocol.firstOpaque,
    ) {
        const { at, options, deadlines } = context;
        ({ writer: this.writer, decoder: this.decoder } = protocol.open(reply => this.onReply(reply)));
        this.flow = new FlowControl(context);
        this.raw = this.socket = connect(at, options, {
            buffer: () => this.nextBuffer(),
            callback: count => this.onBytes(count),
        });
        this.watch(this.raw);
        this.raw.once('connect', () => (at.tls ? this.startTls() : this.onConnect()));
        this.raw.once('close', () => owner.onClosed());
        this.expireAt(deadlines.readClock() + options.connectTimeoutMs);
    }

    private get isGone(): boolean {
        return this.state === 'gone';
    }

    /** Returns whether TCP and TLS worked. */
    get wasConnected(): boolean {
        return this.stage !== 'connecting';
    }

    get isReady(): boolean {
        return this.state === 'ready';
    }

    get isIdle(): boolean {
        return this.state === 'ready' && this.pending.first === null;
    }

    /** Returns whether the load is so high that the next call should use another channel. */
    get isSaturated(): boolean {
        return this.load.isHigh || this.decoder.isInLargeReply;
    }

    /** Returns whether the channel takes calls. If not, they wait in the queue. */
    get hasRoom(): boolean {
        return !this.load.isFull && !this.isSlow;
    }

    get isAtLimit(): boolean {
        return this.flow.isAtLimit;
    }

    get isSlow(): boolean {
        return this.flow.isSlow(this.pending.first);
    }

    /** Returns whether the channel is slow, but has answered without a pause for this long. */
    isSlowFor(ms: number): boolean {
        return this.isSlow && this.flow.isAnsweringFor(ms);
    }

    /** Returns the unanswered calls. */
    get calls(): Iterable<Call<unknown>> {
        return this.pending;
    }

    /** Puts the call behind the others. `flush` sends it. */
    add(call: Call<unknown>): void {
        const { context, writer } = this;
        const before = writer.pendingBytes;
        call.opaque = this.nextOpaque;
        writer.mark();
        try {
            call.encode(writer, call.opaque);
        } catch (error) {
            // This failure must not fail the other calls of the write.
            writer.rollBack();
            context.largeValues.done(call);
            call.fail(encodeFailed(context.address, error as Error));
            return;
        }
        this.nextOpaque = (this.nextOpaque + call.frameCount) >>> 0;
        call.holder = this;
        call.sentMs = context.deadlines.stamp;
        this.load.add(call, writer.pendingBytes - before);
        this.flow.sent(call);
        this.pending.push(call);
    }

    flush(): void {
        const { socket, writer } = this;
        if (writer.pendingBytes === 0) return;
        this.context.metrics.bytesSent += writer.pendingBytes;
        const onSent = this.mayStall(socket.writableLength + writer.pendingBytes) ? () => this.wake() : undefined;
        const parts = writer.take();
        const last = parts.pop()!;
        if (parts.length === 0) {
            socket.write(last, onSent);
        } else {
            socket.cork();
            for (const part of parts) socket.write(part);
            socket.write(last, onSent);
            socket.uncork();
        }
        // The kernel has all bytes, so none wait in the socket.
        if (socket.writableLength === 0) writer.recycle();
    }

    /**
     * Returns whether the server may overlook the end of this many bytes until more bytes arrive.
     * After the end of a value, memcached before 1.6.39 overlooks the rest of the TLS record.
     */
    private mayStall(bytes: number): boolean {
        return bytes > TLS_RECORD_BYTES && this.context.at.tls !== undefined;
    }

    /** Sends bytes in a TLS record of their own, if the server has not answered all requests. */
    private wake(): void {
        if (!this.isReady || this.isIdle || this.socket.writableLength > 0) return;
        this.add(new WakeCall());
        this.flush();
    }

    expire(): void {
        const { at, options } = this.context;
        if (this.state === 'ready') this.judge();
        else this.end(timeoutError(this.socket, this.stage, at.login !== undefined, options));
    }

    /**
     * Judges the channel when every other due call has settled. The end of the channel must not
     * retry a call that is due.
     */
    onLate(): void {
        if (this.isJudgeScheduled) return;
        this.isJudgeScheduled = true;
        process.nextTick(() => {
            this.isJudgeScheduled = false;
            this.judge();
        });
    }

    /**
     * Ends the channel if it is at fault, or if it is slow and no caller waits for its calls. It is
     * at fault if it has received nothing for the full timeout of its oldest call. A part of a
     * large value counts as received. A late call alone proves nothing, because it may have waited
     * in the queue. Closing a slow channel early would make an overloaded server repeat its work.
     */
    private judge(): void {
        const { first } = this.pending;
        if (first === null) return;
        const { deadlines, requestTimeoutMs } = this.context;
        const quietMs = Math.min(deadlines.ageOf(first.sentMs), deadlines.ageOf(this.lastBytesMs));
        deadlines.remove(this.deadline);
        if (quietMs >= requestTimeoutMs) this.end(new Error(`no reply within ${requestTimeoutMs} ms`));
        else if (quietMs < requestTimeoutMs / 2 && this.hasNoCaller) this.end(null);
        else this.expireAt(deadlines.nowMs + requestTimeoutMs - quietMs);
    }

    private expireAt(ms: number): void {
        this.deadline = new Deadline(this, ms, false);
        this.context.deadlines.add(this.deadline);
    }

    private get hasNoCaller(): boolean {
        if (!this.pending.last!.settled) return false;
        for (const call of this.pending) if (!call.settled) return false;
        return true;
    }

    /** Closes the channel now. @param fault null = on purpose */
    end(fault: Error | null): void {
        if (this.isGone) return;
        this.state = 'gone';
        const { at, deadlines } = this.context;
        deadlines.remove(this.deadline);
        deadlines.readClock();
        const { pending } = this;
        // The server must not execute unanswered requests after those of newer connections.
        if (pending.first === null) this.raw.destroy();
        else reset(this.raw, at);
        this.owner.onGone(this, fault, pending);
    }

    private watch(socket: Socket): void {
        socket.on('error', error => this.end(describeSocketError(error, this.socket, this.stage)));
        socket.on('end', () => this.onEnd());
        socket.on('close', () => this.onEnd());
    }

    private startTls(): void {
        const { at, deadlines } = this.context;
        deadlines.arrived();
        this.socket = startTls(this.raw, at);
        if (this.socket === this.raw) return;
        this.watch(this.socket);
        this.socket.once('secureConnect', () => this.onConnect());
        this.socket.on('data', (chunk: Buffer) => this.onBytes(chunk.length, chunk));
    }

    private onConnect(): void {
        const { at, address, deadlines, requestTimeoutMs } = this.context;
        deadlines.arrived();
        this.stage = 'unanswered';
        deadlines.remove(this.deadline);
        this.expireAt(Math.min(this.deadline.ms, deadlines.nowMs + requestTimeoutMs));
        const handshake = new HandshakeCall(address, this.protocol, at.login);
        handshake.promise.then(
            identity => this.beReady(identity),
            (fault: Error) => this.end(fault),
        );
        this.add(handshake);
        this.flush();
    }

    private beReady(identity: ServerIdentity): void {
        if (this.state !== 'connecting') return;
        const { deadlines, options } = this.context;
        deadlines.remove(this.deadline);
        this.state = 'ready';
        deadlines.readClock();
        this.lastBytesMs = deadlines.stamp;
        this.flow.start();
        this.socket.setTimeout(options.idleMs).on('timeout', () => this.onIdle());
        this.owner.onReady(this, identity);
    }

    private onEnd(): void {
        this.end(this.isIdle ? null : closedByServerError(this.socket, this.stage));
    }

    /**
     * Closes an idle channel, or sets a new timeout. Node reports a timeout once. Without a new
     * timeout, a pending call would keep the socket open forever.
     */
    private onIdle(): void {
        if (this.isIdle) this.end(null);
        else this.socket.setTimeout(this.context.options.idleMs);
    }

    /**
     * Returns the buffer for the next read. Node calls it before every read, and keeps the last
     * buffer on undefined. A connecting socket has no last buffer. Node takes a new handle for each
     * address, which would read into a buffer of its own.
     */
    private nextBuffer(): Buffer {
        const wanted = this.decoder.target ?? this.chunk;
        if (wanted === this.reading && this.state !== 'connecting') return undefined as never;
        return (this.reading = wanted);
    }

    /** @param chunk the bytes, null if they are in the decoder's target */
    private onBytes(count: number, chunk: Buffer | null = this.reading === this.chunk ? this.chunk : null): boolean {
        if (this.isGone) return false;
        const { deadlines, metrics } = this.context;
        metrics.recordBytes(count, deadlines.arrived());
        this.lastBytesMs = deadlines.stamp;
        this.hasAnswered = false;
        try {
            const problem = chunk === null ? this.decoder.filled(count) : this.decoder.push(chunk, count);
            if (problem !== null) this.wrongReply = this.violation(problem);
        } catch (error) {
            // An example is a counter without 8 bytes, or a text longer than a string may be.
            this.wrongReply = error as Error;
        }
        if (this.hasAnswered) this.onReplies();
        if (this.wrongReply !== null) this.end(this.wrongReply);
        return !this.isGone;
    }

    private violation(problem: string): Error {
        const isForeign = this.stage === 'unanswered' && problem !== TOO_MANY_CONNECTIONS;
        return isForeign ? new ForeignReplyError(problem) : new Error(problem);
    }

    private onReplies(): void {
        this.stage = 'answered';
        this.load.updateAverage();
        this.flow.onReplies();
        // A server that answers a login may still not answer calls.
        if (this.state === 'ready') this.owner.onReplies(this);
    }

    private onReply(reply: Reply): boolean {
        const call = this.pending.first;
        if (call === null || (reply.opaque - call.opaque) >>> 0 >= call.frameCount) {
            this.wrongReply = new Error(`unexpected reply: no request has opaque ${reply.opaque}`);
            return false;
        }
        this.hasAnswered = true;
        this.load.recordReply(reply.bodyBytes);
        if (call.largeBytes > 0 || reply.bodyBytes >= LARGE_BYTES) this.measureReply(call, reply);
        const { settled } = call;
        if (!(settled ? call.isLast(reply) : call.onReply(reply))) return true;
        this.pending.shift();
        this.load.remove(call);
        this.flow.answered(call);
        if (!settled) this.context.metrics.recordReply(call.startedUs);
        if (call.largeBytes > 0) this.context.largeValues.done(call);
        return true;
    }

    private measureReply(call: Call<unknown>, reply: Reply): void {
        const isOfMany = call.keyCount !== undefined;
        const bytes = isOfMany ? reply.bodyBytes : Math.max(reply.bodyBytes, call.valueBytes);
        this.context.largeValues.answered(call.keyOf(reply), bytes);
        // The next values of a batch are likely to be as large.
        const repliesLeft = call.frameCount - 1 - ((reply.opaque - call.opaque) >>> 0);
        this.load.expect(call, repliesLeft * reply.bodyBytes);
    }
}
