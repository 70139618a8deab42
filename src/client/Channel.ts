import type { Socket } from 'node:net';
import type { Call } from './Call';
import { closedByServer, explainFault, notInTime, type Stage } from './channelFaults';
import type { Connecting } from './Connecting';
import { Timed, type Deadlines } from './Deadlines';
import { FrameDecoder } from './FrameDecoder';
import { FrameWriter } from './FrameWriter';
import { BULK_BYTES, type LargeReplies } from './LargeReplies';
import type { Reply } from './Reply';
import type { ServerCounts } from './ServerCounts';
import { formatAddress, type ServerAddress } from './ServerAddress';
import { LoginCall, ProofCall } from './serverCalls';
import { authFailed } from './errors';
import { connect, reset, secure } from './sockets';

const READ_BYTES = 64 * 1024;

/** A server that only speaks text waits for the end of a line: with a CR LF in the first frame it answers ERROR at once. */
const FIRST_OPAQUE = 0x0d0a;

/** Who opened the channel: hears of it once when it is ready and once when it is gone. */
export interface ChannelOwner {
    onReady(channel: Channel): void;
    /** Replies have come, so many of them small, with so many bytes in their bodies. */
    onReplies(channel: Channel, small: number, bytes: number): void;
    /** A call that moved a large value has its answer. */
    onBulkDone(call: Call<unknown>): void;
    /** The socket is closed: nothing of the channel is left. */
    onClosed(): void;
    /** @param fault null when the channel ended in peace: idle, or closed by us. `pending` is the head of the unanswered calls. */
    onGone(channel: Channel, fault: Error | null, pending: Call<unknown> | null): void;
    /** What a small reply holds on the average, for the account of what a channel owes. */
    readonly smallReplyBytes: number;
    readonly largeReplies: LargeReplies;
    readonly counts: ServerCounts;
    readonly deadlines: Deadlines;
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
export class Channel extends Timed {
    /** TCP or a unix path. */
    private readonly raw: Socket;
    /** What bytes go through: `raw`, or TLS on it. */
    private socket: Socket;
    private readonly address: string;
    private readonly writer = new FrameWriter();
    private readonly decoder = new FrameDecoder(reply => this.onReply(reply));
    private readonly chunk = Buffer.allocUnsafeSlow(READ_BYTES);
    /** Where the socket reads to: the chunk, or the place of a large value. */
    private reading: Buffer | null = null;
    private head: Call<unknown> | null = null;
    private tail: Call<unknown> | null = null;
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
    private smallReplies = 0;
    private smallBytes = 0;

    readonly isAwaited = false;
    /** Bytes sent and not answered, and bytes expected: what the next call would wait for. */
    owes = 0;
    /** How many unanswered calls move large values. */
    bulk = 0;
    /** While it is traced how it connects. */
    connecting: Connecting | null = null;
    /** The server's count of faults when this channel last showed that it works; the server keeps it. */
    round: number;

    constructor(
        private readonly at: ServerAddress,
        private readonly options: ChannelOptions,
        private readonly owner: ChannelOwner,
        round: number,
        /** It is opened beside others that work: calls go to those until it has shown that it works too. */
        private readonly isFurther = false,
        private nextOpaque = FIRST_OPAQUE,
    ) {
        super();
        this.round = round;
        this.address = formatAddress(at);
        this.raw = this.socket = connect(at, {
            buffer: () => this.nextBuffer(),
            callback: count => this.onBytes(count),
        });
        this.watch(this.raw);
        this.raw.once('connect', () => (at.tls ? this.secure() : this.onConnect()));
        this.raw.once('close', () => owner.onClosed());
        owner.deadlines.add(this, owner.deadlines.readClock() + options.connectTimeoutMs);
    }

    get isReady(): boolean {
        return this.state === 'ready';
    }

    get isIdle(): boolean {
        return this.state === 'ready' && this.head === null;
    }

    get isOpen(): boolean {
        return this.state !== 'gone';
    }

    /** Puts the call at the end of the queue; `flush` sends it. */
    add(call: Call<unknown>): void {
        const before = this.writer.pendingBytes;
        call.opaque = this.nextOpaque;
        this.nextOpaque = (this.nextOpaque + call.frames) >>> 0;
        call.encode(this.writer, call.opaque);
        call.channel = this;
        call.sentMs = this.owner.deadlines.nowMs | 0;
        const sent = this.writer.pendingBytes - before;
        call.owes = Math.max(call.bulkBytes, sent) + call.frames * this.owner.smallReplyBytes;
        this.owes += call.owes;
        if (call.isBulk) this.bulk++;
        if (this.tail === null) this.head = call;
        else this.tail.next = call;
        this.tail = call;
    }

    /** Those that have not been answered. */
    *calls(): Iterable<Call<unknown>> {
        for (let call = this.head; call !== null; call = call.next) yield call;
    }

    flush(): void {
        const { pendingBytes } = this.writer;
        if (pendingBytes === 0) return;
        this.owner.counts.bytesSent += pendingBytes;
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

    override expire(): void {
        if (this.state === 'ready') this.judge();
        else this.end(notInTime(this.socket, this.stage, this.at.login !== undefined, this.options.connectTimeoutMs));
    }

    /**
     * A call that is late may have waited elsewhere. The channel is at fault when it had the full time to answer its oldest call and has answered nothing in
     * that time. One that answers is slow, and closing it would make a server that has too much to do start again; unless none of its
     * calls has a caller left.
     */
    judge(): void {
        if (this.head === null) return;
        const { requestTimeoutMs } = this.options;
        const { deadlines } = this.owner;
        const quietMs = Math.min(this.ageOf(this.head.sentMs), this.ageOf(this.answeredMs));
        deadlines.remove(this);
        if (quietMs >= requestTimeoutMs) this.end(new Error(`no answer within ${requestTimeoutMs} ms`));
        else if (quietMs < requestTimeoutMs / 2 && this.isForNobody) this.end(null);
        else deadlines.add(this, deadlines.nowMs + requestTimeoutMs - quietMs);
    }

    private get isForNobody(): boolean {
        if (!this.tail!.settled) return false;
        for (const call of this.calls()) if (!call.settled) return false;
        return true;
    }

    private ageOf(ms: number): number {
        return ((this.owner.deadlines.nowMs | 0) - ms) | 0;
    }

    /** Ends it now. The fault, if there is one, is what its calls hear; without one they hear it from the owner. */
    end(fault: Error | null): void {
        if (this.state === 'gone') return;
        this.state = 'gone';
        this.owner.deadlines.remove(this);
        this.owner.deadlines.readClock();
        const pending = this.head;
        // What is unanswered must not be carried out later, over what newer connections write.
        if (pending === null) this.raw.destroy();
        else reset(this.raw, this.at);
        this.head = this.tail = null;
        this.owes = 0;
        this.owner.onGone(this, fault, pending);
    }

    private watch(socket: Socket): void {
        socket.on('error', error => this.end(explainFault(error, this.socket, this.stage)));
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
        else if (this.isFurther) this.begin(new ProofCall());
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
        this.owner.deadlines.remove(this);
        this.state = 'ready';
        this.wasReady = true;
        this.answeredMs = this.owner.deadlines.readClock() | 0;
        this.socket.setTimeout(this.options.idleMs, () => this.onIdle());
        this.owner.onReady(this);
    }

    private onEnd(): void {
        this.end(this.isIdle ? null : closedByServer(this.socket, this.stage));
    }

    private onIdle(): void {
        if (this.isIdle) this.end(null);
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
        this.owner.counts.received(count, nowMs);
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
        const call = this.head;
        if (call === null || (reply.opaque - call.opaque) >>> 0 >= call.frames) {
            this.wrongReply = new Error(`a reply came with opaque ${reply.opaque}, which nobody waits for`);
            return false;
        }
        this.hasAnswered = true;
        if (reply.bodyBytes < BULK_BYTES) {
            this.smallReplies++;
            this.smallBytes += reply.bodyBytes;
        }
        if (call.isBulk || reply.bodyBytes >= BULK_BYTES) {
            this.owner.largeReplies.saw(call.key, Math.max(reply.bodyBytes, call.valueBytes));
        }
        const { settled } = call;
        if (!(settled ? call.isLast(reply) : call.onReply(reply))) return true;
        this.head = call.next;
        if (this.head === null) this.tail = null;
        call.next = null;
        call.channel = null;
        this.owes -= call.owes;
        if (!settled) this.owner.counts.took(call.startedUs);
        if (call.isBulk) {
            this.bulk--;
            this.owner.onBulkDone(call);
        }
        return true;
    }
}
