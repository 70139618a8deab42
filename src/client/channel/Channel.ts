import type { Socket } from 'node:net';
import type { Call, CallHolder } from '../calls/Call';
import { CallList } from '../calls/CallList';
import { Deadline, type Timed } from '../calls/Deadlines';
import { HandshakeCall } from '../calls/serverCalls';
import type { ServerMetrics } from '../../diagnostics/ServerMetrics';
import { encodeFailed } from '../model/errors';
import type { ClientSettings } from '../model/ClientOptions';
import type { ServerAddress } from '../model/ServerAddress';
import { authFailed } from '../protocol/replyErrors';
import type { Protocol, Reply, ReplyDecoder, RequestWriter } from '../protocol/Protocol';
import { ChannelLoad, LARGE_BYTES } from './ChannelLoad';
import { FlowControl, type FlowContext } from './FlowControl';
import { closedByServerError, describeSocketError, timeoutError, type Stage } from './socketErrors';
import { connect, reset, startTls } from './sockets';

const READ_BYTES = 64 * 1024;

/** What a channel knows of its server. */
export interface ChannelContext extends FlowContext {
    readonly at: ServerAddress;
    readonly address: string;
    readonly options: ClientSettings;
    readonly protocol: Protocol;
    readonly metrics: ServerMetrics;
    readonly largeValues: {
        /** The server has answered a value of this size, or stored it. */
        answered(key: string, bytes: number): void;
        /** A call that moves a large value is answered, or cannot be sent. */
        done(call: Call<unknown>): void;
    };
}

/** Receives the events of a channel. */
export interface ChannelOwner {
    /** The channel takes calls. */
    onReady(channel: Channel): void;
    /** Replies to calls were read. */
    onReplies(channel: Channel): void;
    /**
     * The channel is over; called once.
     * @param fault null if the channel was closed on purpose or while idle
     * @param pending the unanswered calls; the owner empties the list
     */
    onGone(channel: Channel, fault: Error | null, pending: CallList): void;
    /** The socket is closed. Nothing of the channel is left. */
    onClosed(): void;
}

/**
 * One socket, used until its first fault and then thrown away: nothing of it outlives it.
 *
 * Calls leave in the order of `add`, all calls of a turn in one write. The server answers in that
 * order, so a reply belongs to the oldest unanswered call, or it is a fault.
 *
 *     add → pending ─ flush → socket ─ onBytes → decoder ─ onReply → pending.shift()
 */
export class Channel implements CallHolder, Timed {
    readonly load = new ChannelLoad();
    private readonly flow: FlowControl;
    /** TCP or a unix path. */
    private readonly raw: Socket;
    /** What bytes go through: `raw`, or TLS on it. */
    private socket: Socket;
    private readonly writer: RequestWriter;
    private readonly decoder: ReplyDecoder;
    private readonly chunk = Buffer.allocUnsafeSlow(READ_BYTES);
    /** Where the socket reads to: the chunk, or the place of a large value. */
    private reading: Buffer | null = null;
    /** The unanswered calls, in the order in which they were sent. */
    private readonly pending = new CallList();
    private state: 'connecting' | 'ready' | 'gone' = 'connecting';
    /** How far the connection came, for the text of a fault. */
    private stage: Stage = 'connecting';
    /** The fault of a reply, set in the decoder's callback. */
    private wrongReply: Error | null = null;
    /** Whether the bytes in hand completed a reply. */
    private hasAnswered = false;
    /** When bytes last came. */
    private lastBytesMs = 0;
    /** When the channel must be connected, or is judged again. */
    private deadline!: Deadline;
    private isJudgeScheduled = false;

    /** @param isExtra other channels work, so this one first proves that it works too */
    constructor(
        private readonly context: ChannelContext,
        private readonly owner: ChannelOwner,
        private readonly isExtra = false,
        private nextOpaque = context.protocol.firstOpaque,
    ) {
        const { at, options, protocol, deadlines } = context;
        this.writer = protocol.createWriter();
        this.decoder = protocol.createDecoder(reply => this.onReply(reply));
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

    get isReady(): boolean {
        return this.state === 'ready';
    }

    get isIdle(): boolean {
        return this.state === 'ready' && this.pending.first === null;
    }

    /** So much is in flight that the next call had better use another channel. */
    get isSaturated(): boolean {
        return this.load.isHigh || this.decoder.isInLargeReply;
    }

    /** Whether the channel takes calls. If not, they wait in the queue. */
    get hasRoom(): boolean {
        return !this.load.isFull && !this.isSlow;
    }

    get isAtLimit(): boolean {
        return this.flow.isAtLimit;
    }

    get isSlow(): boolean {
        return this.flow.isSlow(this.pending.first);
    }

    /** The channel is slow, and yet has answered all the time for this long. */
    isSlowFor(ms: number): boolean {
        return this.isSlow && this.flow.isAnsweringFor(ms);
    }

    /** The unanswered calls. */
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
            // The other calls of this write must not fail with it.
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
        const parts = writer.take();
        if (parts.length === 1) {
            socket.write(parts[0]!);
        } else {
            socket.cork();
            for (const part of parts) socket.write(part);
            socket.uncork();
        }
        // Nothing waits in the socket: the kernel has it all.
        if (socket.writableLength === 0) writer.recycle();
    }

    expire(): void {
        const { at, options } = this.context;
        if (this.state === 'ready') this.judge();
        else this.end(timeoutError(this.socket, this.stage, at.login !== undefined, options.connectTimeoutMs));
    }

    /**
     * A call has run out of time. The channel is judged when every other call that is due has
     * settled, because the end of the channel must not retry a call that is due.
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
     * The channel is at fault when it had the full timeout to answer its oldest call and has
     * received nothing in that time, not even a part of a large value. A late call alone proves
     * nothing: it may have waited in the queue. A channel that receives is slow: closing it would
     * make an overloaded server start again, so it is only closed when none of its calls has a
     * caller left.
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

    /** Closes the channel now. @param fault null: on purpose */
    end(fault: Error | null): void {
        if (this.isGone) return;
        this.state = 'gone';
        const { at, deadlines } = this.context;
        deadlines.remove(this.deadline);
        deadlines.readClock();
        const { pending } = this;
        // The server must not carry out unanswered requests after those of newer connections.
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
        const { at, address, deadlines } = this.context;
        deadlines.arrived();
        this.stage = 'unanswered';
        if (at.login === undefined && !this.isExtra) return this.beReady();
        // Until it is answered, the channel counts as connecting.
        const handshake = new HandshakeCall(at.login);
        this.add(handshake);
        this.flush();
        const settle = (isAccepted: boolean): void => (isAccepted ? this.beReady() : this.end(authFailed(address)));
        handshake.promise.then(settle, () => {});
    }

    private beReady(): void {
        if (this.state !== 'connecting') return;
        const { deadlines, options } = this.context;
        deadlines.remove(this.deadline);
        this.state = 'ready';
        deadlines.readClock();
        this.lastBytesMs = deadlines.stamp;
        this.flow.start();
        this.socket.setTimeout(options.idleMs).on('timeout', () => this.onIdle());
        this.owner.onReady(this);
    }

    private onEnd(): void {
        this.end(this.isIdle ? null : closedByServerError(this.socket, this.stage));
    }

    /**
     * Node reports it once. Without a new timeout, a pending call would keep the socket open
     * forever.
     */
    private onIdle(): void {
        if (this.isIdle) this.end(null);
        else this.socket.setTimeout(this.context.options.idleMs);
    }

    /**
     * Node asks before every read; undefined means the buffer of the last read. While it connects
     * there is none: Node takes a new handle for each address, which would read into a buffer of
     * its own.
     */
    private nextBuffer(): Buffer {
        const wanted = this.decoder.target ?? this.chunk;
        if (wanted === this.reading && this.state !== 'connecting') return undefined as never;
        return (this.reading = wanted);
    }

    /** @param chunk where the bytes are; null: in the decoder's target */
    private onBytes(count: number, chunk: Buffer | null = this.reading === this.chunk ? this.chunk : null): boolean {
        if (this.isGone) return false;
        const { deadlines, metrics } = this.context;
        metrics.recordBytes(count, deadlines.arrived());
        this.lastBytesMs = deadlines.stamp;
        this.hasAnswered = false;
        try {
            if (chunk === null) this.decoder.filled(count);
            else {
                const problem = this.decoder.push(chunk, count);
                if (problem !== null) this.wrongReply = new Error(problem);
            }
        } catch (error) {
            // For example a counter without 8 bytes, or a text longer than a string may be.
            this.wrongReply = error as Error;
        }
        if (this.hasAnswered) this.onReplies();
        if (this.wrongReply !== null) this.end(this.wrongReply);
        return !this.isGone;
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
