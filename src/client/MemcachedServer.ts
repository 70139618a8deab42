import type { Call } from './Call';
import { type CallHost } from './Call';
import { BulkWindow } from './BulkWindow';
import { ChannelPool } from './ChannelPool';
import { Connecting } from './Connecting';
import { Channel, type ChannelOptions, type ChannelOwner } from './Channel';
import type { Deadlines } from './Deadlines';
import { authFailed, connectionLost, isAuthFailure, notOpened, serverDown } from './errors';
import { BULK_BYTES, LargeReplies } from './LargeReplies';
import { MemjsHandlers, type MemjsErrorHandler, type MemjsResponseHandler } from './memjs';
import { formatAddress, type ServerAddress } from './ServerAddress';
import { ServerCounts, type ServerStats } from './ServerCounts';
import { ServerHealth, isRefusal, type HealthOptions } from './ServerHealth';
import { NoopCall } from './serverCalls';
import { commandTracing, connectTracing, isTraced } from './tracing';
import { traceCall } from './traceCall';

export interface ServerOptions extends ChannelOptions, HealthOptions {
    readonly poolSize: number;
    readonly retries: number;
    readonly requestTimeoutMs: number;
}

/** Hears of a server that goes down or comes back, once per change. */
export interface ServerObserver {
    /** It counts as down, because of this fault. */
    onDown(address: string, fault: Error): void;
    /** It answers again. */
    onUp(address: string): void;
}

let lastGeneration = 0;

/**
 * One memcached: a pool of channels, up or down, and the only place where a call is tried again. For memjs it is a server
 * (`onResponse`, `onError`, `write`, `close`, `host`, `port`, `wakeupAt`).
 */
export class MemcachedServer implements ChannelOwner, CallHost {
    readonly address: string;
    readonly host: string;
    readonly port: number;
    smallReplyBytes = 100;
    readonly largeReplies = new LargeReplies();
    readonly counts = new ServerCounts();
    private readonly window = new BulkWindow();

    private readonly pool: ChannelPool;
    private isClosed = true;
    /** About to close: running calls finish, a server that goes down meanwhile is neither probed nor spoken of. */
    private isSettling = false;
    private sockets = 0;
    private onEmpty: (() => void) | null = null;
    private closed: Promise<void> | null = null;

    /** Calls made in this turn of the event loop, and calls that wait for a channel. */
    private readonly turn: Call<unknown>[] = [];
    private waiting: Call<unknown>[] = [];
    private expired: Call<unknown>[] = [];
    private isFlushScheduled = false;
    /**
     * Replies of one server bring about calls for all of them. When they leave after all sockets have been read, each server gets one write with
     * many instead of many with few; for a server that is alone that is so anyway.
     */
    isOneOfSeveral = false;
    private readonly flushTurn = (): void => this.flush();

    private readonly health: ServerHealth;
    /** Waits for the next attempt to connect, or while the server is down for the next probe. */
    private pauseTimer: NodeJS.Timeout | null = null;

    /**
     * Changes whenever a socket opens or goes: while it stays the same, every socket leads to the process that it led to. A number is never given
     * twice, to no server of any client.
     */
    generation = ++lastGeneration;

    /** What memjs asks of a server, for those of its verbs that we leave to it. */
    private readonly memjs = new MemjsHandlers();
    /** memjs passes over servers whose time to wake up has not come; ours are chosen by the ring alone. */
    readonly wakeupAt = undefined;

    constructor(
        readonly at: ServerAddress,
        readonly options: ServerOptions,
        readonly deadlines: Deadlines,
        private readonly observer: ServerObserver,
    ) {
        this.address = formatAddress(at);
        this.host = at.host;
        this.port = at.port;
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
        return this.turn.length;
    }

    get timerCount(): number {
        return this.pool.timerCount + (this.pauseTimer === null ? 0 : 1);
    }

    get isUp(): boolean {
        return !this.health.isDown;
    }

    getStats(): ServerStats {
        const { address, isUp, sockets, counts, health } = this;
        return counts.snapshot({ address, isUp, sockets, fault: health.lastFault?.message ?? null });
    }

    /** It refuses the login, and counts as down for that. */
    get isRefused(): boolean {
        return this.health.isDown && isAuthFailure(this.health.lastFault);
    }

    open(): void {
        this.closed = null;
        this.isClosed = false;
        this.isSettling = false;
    }

    /** Sends the call; it settles by its own promise. */
    enqueue(call: Call<unknown>): void {
        if (isTraced(commandTracing)) traceCall(call, this.address, one => this.accept(one));
        else this.accept(call);
    }

    private accept(call: Call<unknown>): void {
        // It was known before what is answered.
        if (call.settled) return;
        call.host = this;
        this.counts.calls++;
        if (this.isClosed) call.fail(notOpened());
        else if (this.health.isDown) call.fail(this.downError());
        else this.enter(call);
    }

    /** The calls of this turn leave at once, and nothing is begun that nobody waits for: the client is about to close. */
    settleDown(): void {
        this.isSettling = true;
        this.flush();
        if (!this.health.isDown) return;
        this.clearPause();
        this.pool.endAll();
    }

    /** Keys may have got another server. What waits here with a CAS of theirs is answered before it can be sent: nobody looks for them here any more. */
    leave(isHome: (key: string) => boolean): void {
        for (const call of this.unsent()) if (call.key !== '' && !isHome(call.key)) call.onNewGeneration();
    }

    /** Resolves when the calls that it has now have settled. */
    async untilIdle(): Promise<void> {
        await Promise.allSettled([...this.unsent(), ...this.pool.calls()].map(call => call.promise));
    }

    /** Destroys every socket now; what still waits is rejected. Resolves when the sockets are closed. */
    close(): Promise<void> {
        return (this.closed ??= this.destroy());
    }

    private destroy(): Promise<void> {
        this.isClosed = true;
        this.clearPause();
        this.rejectWaiting(() => connectionLost(this.address, new Error('the client was closed')));
        this.pool.endAll();
        this.health.recover();
        if (this.sockets === 0) return Promise.resolve();
        return new Promise(resolve => (this.onEmpty = resolve));
    }

    private enter(call: Call<unknown>): void {
        this.turn.push(call);
        this.flushSoon();
    }

    private flushSoon(): void {
        if (this.isFlushScheduled) return;
        this.isFlushScheduled = true;
        if (this.isOneOfSeveral) setImmediate(this.flushTurn);
        else process.nextTick(this.flushTurn);
    }

    onResponse(seq: number, handler: MemjsResponseHandler): void {
        this.memjs.onResponse(seq, handler);
    }

    onError(seq: number, handler: MemjsErrorHandler): void {
        this.memjs.onError(seq, handler);
    }

    write(frame: Buffer): void {
        const call = this.memjs.toCall(frame);
        this.enqueue(call);
        // What went wrong memjs has from its handler.
        call.promise.catch(() => {});
    }

    /** The turn is over: its calls get their deadlines and leave together. */
    private flush(): void {
        this.isFlushScheduled = false;
        const nowMs = performance.now();
        const startedUs = this.counts.beginning(nowMs);
        const deadlineMs = nowMs + this.options.requestTimeoutMs;
        for (const call of this.turn) {
            if (call.settled) continue;
            call.startedUs = startedUs;
            this.deadlines.add(call, call.deadlineMs === 0 ? deadlineMs : call.deadlineMs);
            this.waiting.push(call);
        }
        this.turn.length = 0;
        this.dispatch();
    }

    private dispatch(): void {
        if (this.waiting.length === 0) return;
        let channel = this.pool.choose();
        if (channel === null) {
            this.connectSoon();
            return;
        }
        const calls = this.waiting;
        this.waiting = [];
        for (const call of calls) {
            if (call.settled) {
                this.leaveWindow(call);
                continue;
            }
            if (!call.isBulk && !this.mayPass(call)) continue;
            channel = this.pool.next(channel);
            channel.add(call);
        }
        this.pool.flush();
    }

    /** Small calls always; one that moves a large value when there is room for it. */
    private mayPass(call: Call<unknown>): boolean {
        const bytes = Math.max(call.valueBytes, this.largeReplies.expected(call.key));
        return bytes < BULK_BYTES || this.window.enter(call, bytes);
    }

    onBulkDone(call: Call<unknown>): void {
        this.leaveWindow(call);
    }

    private leaveWindow(call: Call<unknown>): void {
        if (!call.isBulk) return;
        const admitted = this.window.leave(call);
        if (admitted.length === 0) return;
        this.waiting.push(...admitted);
        this.flushSoon();
    }

    private connectSoon(): void {
        if (this.health.isDown || this.pauseTimer !== null || this.pool.hasProspect) return;
        const { pauseMs } = this.health;
        if (pauseMs === 0) this.pool.open();
        else this.pause(pauseMs, () => this.dispatch());
    }

    private openChannel(): Channel {
        this.sockets++;
        this.counts.connects++;
        const open = (): Channel => new Channel(this.at, this.options, this, this.health.round);
        return isTraced(connectTracing) ? Connecting.trace(this.address, open) : open();
    }

    onReady(channel: Channel): void {
        channel.round = this.health.round;
        channel.connecting?.connected();
        this.beginGeneration();
        if (!this.health.isDown) this.dispatch();
        else if (!this.isSettling) this.probe(channel);
    }

    onReplies(channel: Channel, small: number, bytes: number): void {
        channel.round = this.health.round;
        if (small > 0) this.smallReplyBytes += (bytes / small - this.smallReplyBytes) / 8;
        if (this.health.lastFault !== null) this.recover();
    }

    private recover(): void {
        const wasDown = this.health.isDown;
        this.health.recover();
        this.clearPause();
        if (this.waiting.length > 0) this.flushSoon();
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
        const calls = this.expired;
        this.expired = [];
        for (const { channel } of calls) {
            if (channel !== null)
                (channel as Channel).end(new Error(`no answer within ${this.options.requestTimeoutMs} ms`));
        }
        this.waiting = this.waiting.filter(call => !call.settled || call.isBulk);
        this.window.dropSettled();
    }

    onGone(channel: Channel, fault: Error | null, pending: Call<unknown> | null): void {
        this.pool.remove(channel);
        channel.connecting?.gone(fault);
        this.beginGeneration();
        if (fault !== null) this.countFault(channel, fault);
        for (let call = pending; call !== null;) {
            const next: Call<unknown> | null = call.next;
            call.next = call.channel = null;
            this.leaveWindow(call);
            this.again(call, fault);
            call = next;
        }
        if (this.isClosed) return;
        if (this.health.isDown) this.rejectWaiting(() => this.downError());
        else this.dispatch();
    }

    /** What was asked for in the old generation only is answered before it can be sent in the new one. */
    private beginGeneration(): void {
        this.generation = ++lastGeneration;
        for (const call of this.unsent()) call.onNewGeneration();
    }

    private unsent(): Call<unknown>[] {
        return [...this.turn, ...this.waiting, ...this.window.waiting];
    }

    private again(call: Call<unknown>, fault: Error | null): void {
        if (call.settled) return;
        if (this.isClosed) call.fail(connectionLost(this.address, new Error('the client was closed')));
        else if (!call.repeatable || call.repeats >= this.options.retries)
            call.fail(connectionLost(this.address, fault));
        else {
            call.repeats++;
            this.counts.retries++;
            this.waiting.push(call);
        }
    }

    private countFault(channel: Channel, fault: Error): void {
        const { health } = this;
        const wasDown = health.isDown;
        if (isRefusal(fault) && this.pool.isWorking) return health.holdGrowth();
        if (this.isClosed || !health.fault(fault, channel.round)) return;
        if (health.isDown) {
            this.clearPause();
            if (!this.isSettling) this.pause(health.pauseMs, () => this.pool.open());
            // On its own, so that what an observer throws does not stop us half-way.
            if (!wasDown && !this.isSettling) process.nextTick(() => this.observer.onDown(this.address, fault));
        }
        this.pool.endIdle();
    }

    private downError(): Error {
        return this.isRefused ? authFailed(this.address) : serverDown(this.address, this.health.lastFault);
    }

    /** A server that is down is tried by one call of our own; any reply to it brings the server back. */
    private probe(channel: Channel): void {
        const call = new NoopCall();
        call.host = this;
        call.promise.catch(() => {});
        this.counts.calls++;
        this.deadlines.add(call, performance.now() + this.options.requestTimeoutMs);
        channel.add(call);
        channel.flush();
    }

    private pause(ms: number, then: () => void): void {
        this.pauseTimer = setTimeout(() => {
            this.pauseTimer = null;
            then();
        }, ms);
    }

    private clearPause(): void {
        if (this.pauseTimer !== null) clearTimeout(this.pauseTimer);
        this.pauseTimer = null;
    }

    private rejectWaiting(error: () => Error): void {
        const calls = [...this.waiting, ...this.turn, ...this.window.clear()];
        this.waiting = [];
        this.turn.length = 0;
        for (const call of calls) {
            this.leaveWindow(call);
            if (!call.settled) call.fail(error());
        }
    }
}
