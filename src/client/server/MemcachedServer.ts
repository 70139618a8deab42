import type { Call, CallHost } from '../calls/Call';
import { CallList } from '../calls/CallList';
import { CallQueue, type QueueOwner } from './CallQueue';
import { ChannelPool } from './ChannelPool';
import { ConnectSpan } from '../channel/ConnectSpan';
import { ClosedByServerError } from '../channel/socketErrors';
import { Channel, type ChannelOptions, type ChannelOwner } from '../channel/Channel';
import type { Deadlines } from '../calls/Deadlines';
import { authFailed, connectionLost, isAuthFailure, notOpened, overloaded, serverDown } from '../model/errors';
import type { LargeReplies } from './LargeReplies';
import { binaryProtocol } from '../protocol/binary/binaryProtocol';
import { formatAddress, type ServerAddress } from '../model/ServerAddress';
import type { ServerObserver } from '../model/ClientOptions';
import { ServerMetrics, type ServerStats } from '../../diagnostics/ServerMetrics';
import { ServerHealth, type HealthOptions } from './ServerHealth';
import { GreetingCall, NoopCall } from '../calls/serverCalls';
import { commandTracing, connectTracing, isTraced } from '../../diagnostics/tracing';
import { traceCall } from '../calls/traceCall';

export interface ServerOptions extends ChannelOptions, HealthOptions {
    readonly poolSize: number;
    readonly retries: number;
    /** Calls that wait or are unanswered, at most; further ones fail at once. 0: no limit. */
    readonly maxPending: number;
}

let lastEpoch = 0;

/** One memcached: a pool of channels, up or down, and the only place where a call is tried again. */
export class MemcachedServer implements ChannelOwner, CallHost, QueueOwner {
    readonly address: string;
    readonly host: string;
    readonly port: number;
    smallReplyBytes = 100;
    maxInFlight = Infinity;
    readonly metrics = new ServerMetrics();
    /** The wire protocol of this server's channels. */
    readonly protocol = binaryProtocol;
    private readonly queue = new CallQueue(this);
    private readonly pool: ChannelPool;
    private isClosed = true;
    /** About to close: running calls finish, a server that goes down meanwhile is neither probed nor spoken of. */
    private isDraining = false;
    private sockets = 0;
    private onEmpty: (() => void) | null = null;
    private closed: Promise<void> | null = null;

    private readonly maxPending: number;
    private expired: Call<unknown>[] = [];
    private readonly health: ServerHealth;
    /**
     * Changes whenever a socket opens or goes: while it stays the same, every socket leads to the process that it led to. A number is never given
     * twice, to no server of any client.
     */
    epoch = ++lastEpoch;

    constructor(
        readonly at: ServerAddress,
        readonly options: ServerOptions,
        readonly deadlines: Deadlines,
        private readonly observer: ServerObserver,
    ) {
        this.address = formatAddress(at);
        this.host = at.host;
        this.port = at.port;
        this.maxPending = options.maxPending || Infinity;
        this.health = new ServerHealth(options);
        this.pool = new ChannelPool(options.poolSize, this.health, () => this.openChannel());
    }

    get requestTimeoutMs(): number {
        return this.options.requestTimeoutMs;
    }

    get socketCount(): number {
        return this.sockets;
    }

    /** Calls that have no deadline yet: those of this turn. */
    get enteringCount(): number {
        return this.queue.enteringCount;
    }

    get largeReplies(): LargeReplies {
        return this.queue.largeReplies;
    }

    set isOneOfSeveral(isOneOfSeveral: boolean) {
        this.queue.isOneOfSeveral = isOneOfSeveral;
    }

    get timerCount(): number {
        return this.health.isRetryScheduled ? 1 : 0;
    }

    get isUp(): boolean {
        return !this.health.isDown;
    }

    getStats(): ServerStats {
        const { address, isUp, sockets, metrics: counts, health } = this;
        return counts.snapshot({ address, isUp, sockets, fault: health.lastFault?.message ?? null });
    }

    /** It refuses the login, and counts as down for that. */
    get hasRejectedLogin(): boolean {
        return this.health.isDown && isAuthFailure(this.health.lastFault);
    }

    open(): void {
        this.closed = null;
        this.isClosed = false;
        this.isDraining = false;
    }

    /** Sends the call in this turn of the event loop, or rejects it at once. */
    send<T>(call: Call<T>): Promise<T> {
        if (isTraced(commandTracing)) return traceCall(call, this.address, one => this.admit(one));
        this.admit(call);
        return call.promise;
    }

    /** Connects and waits for an answer. Resolves with the deadline of the greeting. */
    async greet(): Promise<number> {
        const { connectTimeoutMs, requestTimeoutMs } = this.options;
        const call = new GreetingCall();
        call.deadlineMs = performance.now() + connectTimeoutMs + requestTimeoutMs;
        await this.send(call);
        return call.deadlineMs;
    }

    private admit(call: Call<unknown>): void {
        // It was known before what is answered.
        if (call.settled) return;
        call.host = this;
        this.metrics.calls++;
        if (this.isClosed) call.fail(notOpened());
        else if (this.health.isDown) call.fail(this.downError());
        else if (this.metrics.inFlight > this.maxPending) call.fail(overloaded(this.address));
        else this.queue.enter(call);
    }

    /** The calls of this turn leave at once, and nothing is begun that nobody waits for: the client is about to close. */
    beginDrain(): void {
        this.isDraining = true;
        this.queue.flush();
        if (!this.health.isDown) return;
        this.health.cancelRetry();
        this.pool.endAll();
    }

    /** Keys may have got another server. What waits here with a CAS of theirs is answered before it can be sent: nobody looks for them here any more. */
    onKeysMoved(isHome: (key: string) => boolean): void {
        for (const call of this.queue.unsent()) if (call.key !== '' && !isHome(call.key)) call.onEpochChange();
    }

    /** Resolves when the calls that it has now have settled. */
    async drained(): Promise<void> {
        await Promise.allSettled([...this.queue.unsent(), ...this.pool.calls()].map(call => call.promise));
    }

    /** Destroys every socket now; what still waits is rejected. Resolves when the sockets are closed. */
    close(): Promise<void> {
        return (this.closed ??= this.destroy());
    }

    private destroy(): Promise<void> {
        this.isClosed = true;
        this.health.cancelRetry();
        this.queue.rejectAll(() => connectionLost(this.address, new Error('the client was closed')));
        this.pool.endAll();
        this.health.recover();
        if (this.sockets === 0) return Promise.resolve();
        return new Promise(resolve => (this.onEmpty = resolve));
    }

    onQueueReady(): void {
        this.dispatch();
    }

    private dispatch(): void {
        let channel = this.queue.isEmpty ? null : this.pool.leastLoaded();
        while (channel !== null) {
            const call = this.queue.dequeue();
            if (call === null) break;
            channel.add(call);
            if (this.queue.isEmpty) break;
            channel = this.pool.channelFor(channel);
        }
        this.pool.flush();
        if (channel === null && !this.queue.isEmpty) this.hold();
    }

    /**
     * No channel takes calls now. They wait, and are still to be sent when a channel that is silent is given up. Where the server answers and is too slow, those that have waited for
     * half of their time fail: what is sent instead of them is answered in time.
     */
    private hold(): void {
        const { requestTimeoutMs } = this.options;
        if (!this.pool.isWorking) this.connectSoon();
        else if (this.pool.isSlowFor(requestTimeoutMs / 2))
            this.queue.shed(this.deadlines.nowMs + requestTimeoutMs / 2, () => overloaded(this.address));
    }

    onBulkDone(call: Call<unknown>): void {
        this.queue.releaseLarge(call);
    }

    private connectSoon(): void {
        if (this.health.isDown || this.health.isRetryScheduled || this.pool.willHaveChannel) return;
        if (this.health.canConnect) this.pool.open();
        else this.health.scheduleRetry(() => this.dispatch());
    }

    private openChannel(): Channel {
        this.sockets++;
        this.metrics.connects++;
        const open = (): Channel =>
            new Channel(this.at, this.options, this, this.health.faultRound, this.pool.isWorking);
        return isTraced(connectTracing) ? ConnectSpan.trace(this.address, open) : open();
    }

    onReady(channel: Channel): void {
        channel.healthRound = this.health.faultRound;
        channel.connectSpan?.connected();
        this.startEpoch();
        if (!this.health.isDown) this.dispatch();
        else if (!this.isDraining) this.probe(channel);
    }

    onReplies(channel: Channel, small: number, bytes: number): void {
        channel.healthRound = this.health.faultRound;
        // Whole bytes: what each call owes is then a small integer, which needs no memory of its own.
        if (small > 0) this.smallReplyBytes += Math.round((bytes / small - this.smallReplyBytes) / 8);
        if (this.health.lastFault !== null) this.recover();
        // There may be room for them now.
        if (!this.queue.isEmpty) this.queue.flushSoon();
    }

    private recover(): void {
        const wasDown = this.health.isDown;
        this.health.recover();
        if (wasDown) process.nextTick(() => this.observer.onUp(this.address));
    }

    onClosed(): void {
        this.sockets--;
        if (this.sockets > 0 || this.onEmpty === null) return;
        this.onEmpty();
        this.onEmpty = null;
    }

    onExpired(call: Call<unknown>): void {
        if (this.expired.push(call) > 1) return;
        // After this turn, when every call whose time is up has settled by it and is not taken for one to be tried again.
        process.nextTick(() => this.dropExpired());
    }

    private dropExpired(): void {
        const channels = new Set(this.expired.map(({ channel }) => channel));
        this.expired = [];
        for (const channel of channels) channel?.judge();
        this.queue.dropSettled();
    }

    onGone(channel: Channel, fault: Error | null, pending: CallList): void {
        this.pool.remove(channel);
        channel.connectSpan?.gone(fault);
        this.startEpoch();
        if (fault !== null) this.countFault(channel, fault);
        const again = new CallList();
        for (let call = pending.shift(); call !== null; call = pending.shift()) {
            call.channel = null;
            this.queue.releaseLarge(call);
            if (this.retryOrFail(call, fault)) again.push(call);
        }
        this.queue.requeue(again);
        if (this.isClosed) return;
        if (this.health.isDown) this.queue.rejectAll(() => this.downError());
        else this.dispatch();
    }

    /** What was asked for in the old epoch only is answered before it can be sent in the new one. */
    private startEpoch(): void {
        this.epoch = ++lastEpoch;
        for (const call of this.queue.unsent()) call.onEpochChange();
    }

    private retryOrFail(call: Call<unknown>, fault: Error | null): boolean {
        if (call.settled) return false;
        if (this.isClosed) call.fail(connectionLost(this.address, new Error('the client was closed')));
        else if (!isRetryable(call, fault) || call.retries >= this.options.retries)
            call.fail(connectionLost(this.address, fault));
        else {
            call.retries++;
            this.metrics.retries++;
        }
        return !call.settled;
    }

    private countFault(channel: Channel, fault: Error): void {
        const { health } = this;
        const wasDown = health.isDown;
        if (!channel.wasReady && this.pool.isWorking) return health.pauseGrowth();
        if (this.isClosed || !health.recordFault(fault, channel.healthRound)) return;
        if (health.isDown) {
            health.cancelRetry();
            if (!this.isDraining) health.scheduleRetry(() => this.pool.open());
            // On its own, so that what an observer throws does not stop us half-way.
            if (!wasDown && !this.isDraining) process.nextTick(() => this.observer.onDown(this.address, fault));
        }
        this.pool.endIdle();
    }

    private downError(): Error {
        return this.hasRejectedLogin ? authFailed(this.address) : serverDown(this.address, this.health.lastFault);
    }

    /** A server that is down is tried by one call of our own; any reply to it brings the server back. */
    private probe(channel: Channel): void {
        const call = new NoopCall();
        call.host = this;
        call.promise.catch(() => {});
        this.metrics.calls++;
        call.deadlineMs = this.deadlines.nowMs + this.options.requestTimeoutMs;
        this.deadlines.add(call.deadline!);
        channel.add(call);
        channel.flush();
    }
}

/** @param fault what ended the channel on which the call was sent and not answered */
function isRetryable({ retry }: Call<unknown>, fault: Error | null): boolean {
    return retry === 'always' || (retry === 'afterClose' && fault instanceof ClosedByServerError);
}
