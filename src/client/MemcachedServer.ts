import type { Call } from './Call';
import { type CallHost } from './Call';
import { BulkWindow } from './BulkWindow';
import { Channel, type ChannelOptions, type ChannelOwner } from './Channel';
import type { Deadlines } from './Deadlines';
import { authFailed, connectionLost, isAuthFailure, notOpened, serverDown } from './errors';
import { BULK_BYTES, LargeReplies } from './LargeReplies';
import { RawCall, type MemjsErrorHandler, type MemjsResponseHandler } from './memjs';
import { formatAddress, type ServerAddress } from './ServerAddress';
import { ServerHealth, type HealthOptions } from './ServerHealth';
import { NoopCall } from './serverCalls';

/** While a channel owes less than this, the next calls join it: one write for all of them is worth more than a second socket. */
const SPREAD_BYTES = 256 * 1024;

export interface ServerOptions extends ChannelOptions, HealthOptions {
    readonly poolSize: number;
    readonly retries: number;
    readonly requestTimeoutMs: number;
}

/** Hears of a server that goes down or comes back, once per change. */
export interface ServerObserver {
    onDown(address: string, fault: Error): void;
    onUp(address: string): void;
}

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
    private readonly window = new BulkWindow();

    private readonly channels: Channel[] = [];
    private isClosed = true;
    private sockets = 0;
    private onEmpty: (() => void) | null = null;

    /** Calls made in this turn of the event loop, and calls that wait for a channel. */
    private readonly turn: Call<unknown>[] = [];
    private waiting: Call<unknown>[] = [];
    private expired: Call<unknown>[] = [];
    private isFlushScheduled = false;
    private readonly flushTurn = (): void => this.flush();

    private readonly health: ServerHealth;
    /** Waits for the next attempt to connect, or while the server is down for the next probe. */
    private pauseTimer: NodeJS.Timeout | null = null;

    /** Rises when the last open socket goes: what the server said before may have been said by another process. */
    generation = 0;

    constructor(
        private readonly at: ServerAddress,
        private readonly options: ServerOptions,
        readonly deadlines: Deadlines,
        private readonly observer: ServerObserver,
    ) {
        this.address = formatAddress(at);
        this.host = at.host;
        this.port = at.port;
        this.health = new ServerHealth(options);
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
        let count = this.pauseTimer === null ? 0 : 1;
        for (const channel of this.channels) count += channel.timerCount;
        return count;
    }

    get isUp(): boolean {
        return !this.health.isDown;
    }

    open(): void {
        this.isClosed = false;
    }

    /** Sends the call; it settles by its own promise. */
    enqueue(call: Call<unknown>): void {
        call.host = this;
        if (this.isClosed) call.fail(notOpened());
        else if (this.health.isDown) call.fail(this.downError());
        else this.enter(call);
    }

    /** The calls of this turn leave at once, and nothing is begun that nobody waits for: the client is about to close. */
    settleDown(): void {
        this.flush();
        if (!this.health.isDown) return;
        this.clearPause();
        for (const channel of [...this.channels]) channel.end(null);
    }

    /** Destroys every socket now; what still waits is rejected. Resolves when the sockets are closed. */
    close(): Promise<void> {
        this.isClosed = true;
        this.clearPause();
        this.rejectWaiting(() => connectionLost(this.address, new Error('the client was closed')));
        for (const channel of [...this.channels]) channel.end(null);
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
        process.nextTick(this.flushTurn);
    }

    // What memjs asks of a server, for those of its verbs that we leave to it.

    private readonly memjsHandlers = new Map<
        number,
        { onResponse?: MemjsResponseHandler; onError?: MemjsErrorHandler }
    >();

    /** memjs skips servers whose time to wake up has not come; which server a key belongs to is decided by the ring alone. */
    readonly wakeupAt = undefined;

    onResponse(seq: number, handler: MemjsResponseHandler): void {
        this.memjsHandlers.set(seq, { ...this.memjsHandlers.get(seq), onResponse: handler });
    }

    onError(seq: number, handler: MemjsErrorHandler): void {
        this.memjsHandlers.set(seq, { ...this.memjsHandlers.get(seq), onError: handler });
    }

    write(frame: Buffer): void {
        const seq = frame.readUInt32BE(12);
        const handlers = this.memjsHandlers.get(seq);
        this.memjsHandlers.delete(seq);
        const call = new RawCall(frame, handlers?.onResponse);
        call.promise.catch((error: Error) => process.nextTick(() => handlers?.onError?.(error)));
        this.enqueue(call);
    }

    /** The turn is over: its calls get their deadlines and leave together. */
    private flush(): void {
        this.isFlushScheduled = false;
        const deadlineMs = performance.now() + this.options.requestTimeoutMs;
        for (const call of this.turn) {
            if (call.settled) continue;
            this.deadlines.add(call, call.deadlineMs === 0 ? deadlineMs : call.deadlineMs);
            this.waiting.push(call);
        }
        this.turn.length = 0;
        this.dispatch();
    }

    private dispatch(): void {
        if (this.waiting.length === 0) return;
        let channel = this.leastOwing();
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
            if (channel.bulk > 0 || channel.owes > SPREAD_BYTES) channel = this.spread();
            channel.add(call);
        }
        for (const one of this.channels) one.flush();
    }

    /**
     * When one channel has a fault, its siblings are likely to have it too, and do not know yet: what is tried again must not be tried on each
     * of them in turn. They are used again when they have answered.
     */
    private isTrusted(channel: Channel): boolean {
        return channel.isReady && channel.round === this.health.round;
    }

    private leastOwing(): Channel | null {
        let best: Channel | null = null;
        for (const channel of this.channels) {
            if (!this.isTrusted(channel)) continue;
            if (best === null || channel.owes < best.owes) best = channel;
        }
        return best;
    }

    /** The channel to go on with when one owes much or moves a large value; when all do, another is opened for the turns to come. */
    private spread(): Channel {
        const channel = this.leastOwing()!;
        if (channel.bulk > 0 || channel.owes > SPREAD_BYTES) this.connectAnother();
        return channel;
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

    private connectAnother(): void {
        if (this.channels.length < this.options.poolSize && this.channels.every(one => one.isReady)) this.connectNow();
    }

    private connectSoon(): void {
        if (this.health.isDown || this.pauseTimer !== null) return;
        if (this.channels.some(one => !one.isReady || this.isTrusted(one))) return;
        const { pauseMs } = this.health;
        if (pauseMs === 0) this.connectNow();
        else this.pause(pauseMs, () => this.connectSoon());
    }

    private connectNow(): void {
        this.sockets++;
        this.channels.push(new Channel(this.at, this.options, this, this.health.round));
    }

    onReady(channel: Channel): void {
        channel.round = this.health.round;
        if (!this.health.isDown) this.dispatch();
        else this.probe(channel);
    }

    onReplies(channel: Channel, small: number, bytes: number): void {
        channel.round = this.health.round;
        if (small > 0) this.smallReplyBytes += (bytes / small - this.smallReplyBytes) / 8;
        if (this.health.lastFault !== null) this.recover();
    }

    private recover(): void {
        const wasDown = this.health.isDown;
        this.health.recover();
        if (!wasDown) return;
        this.clearPause();
        this.observer.onUp(this.address);
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
        this.channels.splice(this.channels.indexOf(channel), 1);
        if (!this.channels.some(one => one.isReady)) this.generation++;
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

    private again(call: Call<unknown>, fault: Error | null): void {
        if (call.settled) return;
        if (this.isClosed) call.fail(connectionLost(this.address, new Error('the client was closed')));
        else if (!call.repeatable || call.repeats >= this.options.retries)
            call.fail(connectionLost(this.address, fault));
        else {
            call.repeats++;
            this.waiting.push(call);
        }
    }

    private countFault(channel: Channel, fault: Error): void {
        const { health } = this;
        const wasDown = health.isDown;
        if (this.isClosed || !health.fault(fault, channel.round)) return;
        if (health.isDown) {
            this.clearPause();
            this.pause(health.pauseMs, () => this.connectNow());
            if (!wasDown) this.observer.onDown(this.address, fault);
        }
        for (const sibling of [...this.channels]) if (sibling.isIdle) sibling.end(null);
    }

    private downError(): Error {
        const { lastFault } = this.health;
        return isAuthFailure(lastFault) ? authFailed(this.address) : serverDown(this.address, lastFault);
    }

    /** A server that is down is tried by one call of our own; any reply to it brings the server back. */
    private probe(channel: Channel): void {
        const call = new NoopCall();
        call.host = this;
        call.promise.catch(() => {});
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
