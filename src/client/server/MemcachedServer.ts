import type { Call, CallHost } from '../calls/Call';
import type { Deadlines } from '../calls/Deadlines';
import { GreetingCall } from '../calls/serverCalls';
import { traceCall } from './traceCall';
import type { ChannelContext } from '../channel/Channel';
import { commandTracing, isTraced } from '../../diagnostics/tracing';
import { ServerMetrics, type ServerStats } from '../../diagnostics/ServerMetrics';
import type { ClientSettings } from '../model/ClientOptions';
import { connectionLost, isTimeout, notOpened, overloaded } from '../model/errors';
import { formatAddress, type ServerAddress } from '../model/ServerAddress';
import type { ServerIdentity } from '../model/ServerIdentity';
import type { Protocol } from '../protocol/Protocol';
import type { CallQueue } from './CallQueue';
import type { ChannelPool } from './ChannelPool';
import { Dispatcher } from './Dispatcher';
import type { LargeValues } from './LargeValues';
import { CircuitBreaker } from './CircuitBreaker';
import { Negotiation } from './Negotiation';

/**
 * A memcached server. It admits calls, and opens, drains and closes the parts below.
 *
 *     send → CallQueue ─ end of turn → Dispatcher → Channel of the ChannelPool → socket
 *               ↑ LargeValues              │  ↑
 *               └──────── retries ─────────┘  └ CircuitBreaker: whether and when to connect
 *
 * The parts share only the server's fields. See `CallHost` and `ChannelContext`.
 */
export class MemcachedServer implements CallHost, ChannelContext {
    readonly address: string;
    readonly host: string;
    readonly port: number;
    readonly requestTimeoutMs: number;
    readonly metrics = new ServerMetrics();
    maxInFlight = Infinity;
    readonly breaker: CircuitBreaker;
    private readonly maxPending: number;
    private readonly queue: CallQueue;
    private readonly pool: ChannelPool;
    private isClosed = true;
    private closing: Promise<void> | null = null;

    constructor(
        readonly at: ServerAddress,
        readonly options: ClientSettings,
        readonly deadlines: Deadlines,
        readonly negotiation = new Negotiation(options.protocol),
    ) {
        this.address = formatAddress(at);
        this.host = at.host;
        this.port = at.port;
        this.requestTimeoutMs = options.requestTimeoutMs;
        this.maxPending = options.maxPending || Infinity;
        this.breaker = new CircuitBreaker(this.address, options);
        ({ queue: this.queue, pool: this.pool } = new Dispatcher(this, this.breaker, this.negotiation));
    }

    /** Returns the epoch of the `ChannelPool`. */
    get epoch(): number {
        return this.pool.epoch;
    }

    get protocol(): Protocol {
        return this.negotiation.protocol;
    }

    /** Returns the server of the last working connection, null before the first one. */
    get identity(): ServerIdentity | null {
        return this.negotiation.identity;
    }

    get largeValues(): LargeValues {
        return this.queue.largeValues;
    }

    get isUp(): boolean {
        return !this.breaker.isDown;
    }

    get enteringCount(): number {
        return this.queue.enteringCount;
    }

    get socketCount(): number {
        return this.pool.socketCount;
    }

    get timerCount(): number {
        return this.breaker.isRetryScheduled ? 1 : 0;
    }

    /** Sets whether the client has other servers. See `CallQueue`. */
    set isOneOfSeveral(isOneOfSeveral: boolean) {
        this.queue.isOneOfSeveral = isOneOfSeveral;
    }

    getStats(): ServerStats {
        const { address, isUp, socketCount: sockets, identity } = this;
        const fault = this.breaker.lastFault?.message ?? null;
        const { protocol = null, version = null } = identity ?? {};
        return this.metrics.snapshot({ address, isUp, sockets, fault, protocol, version });
    }

    open(): void {
        this.closing = null;
        this.isClosed = false;
        this.breaker.resume();
    }

    /**
     * Sends the call at the end of this turn of the event loop, or refuses it.
     * @param isInternal marks the call in traces. See `CommandTrace`
     */
    send<T>(call: Call<T>, isInternal: boolean): Promise<T> {
        if (isTraced(commandTracing)) return traceCall(call, this.at, isInternal, one => this.admit(one));
        this.admit(call);
        return call.promise;
    }

    /** Connects and waits for an answer. Resolves with the deadline of the greeting. */
    async greet(): Promise<number> {
        const { connectTimeoutMs, requestTimeoutMs } = this.options;
        const call = new GreetingCall();
        call.deadlineMs = performance.now() + connectTimeoutMs * this.negotiation.maxAttempts + requestTimeoutMs;
        await this.send(call, true).catch((error: Error) => {
            // The last connection shows why the server has got no call.
            const { lastFault } = this.breaker;
            throw lastFault !== null && isTimeout(error) ? connectionLost(this.address, lastFault) : error;
        });
        return call.deadlineMs;
    }

    private admit(call: Call<unknown>): void {
        // The call may have settled before, for example as 'stale'. Then it needs no send.
        if (call.settled) return;
        call.host = this;
        this.metrics.calls++;
        if (this.isClosed) call.refuse(notOpened());
        else if (this.breaker.isDown) call.refuse(this.breaker.downError());
        else if (this.metrics.inFlight > this.maxPending) call.refuse(overloaded(this.address));
        else this.queue.enter(call);
    }

    /** Settles the calls of moved keys that must stay in their epoch. */
    onKeysMoved(isHome: (key: string) => boolean): void {
        for (const call of this.queue.unsent()) if (call.key !== '' && !isHome(call.key)) call.onEpochChange();
    }

    /** Sends the calls of this turn now, and probes the server no more if it is down. */
    beginDrain(): void {
        this.breaker.retire();
        this.queue.flush();
        if (this.breaker.isDown) this.pool.endAll();
    }

    /** Resolves when all current calls of the server have settled. */
    async drained(): Promise<void> {
        await Promise.allSettled([...this.queue.unsent(), ...this.pool.calls()].map(call => call.promise));
    }

    /** Destroys the sockets and rejects all calls now. Resolves when the sockets are closed. */
    close(): Promise<void> {
        return (this.closing ??= this.destroy());
    }

    private destroy(): Promise<void> {
        const closed = (): Error => connectionLost(this.address, new Error('the client was closed'));
        this.isClosed = true;
        this.breaker.cancelRetry();
        this.queue.rejectAll(closed);
        for (const call of this.pool.calls()) call.fail(closed());
        this.pool.endAll();
        this.breaker.reset();
        this.negotiation.forget();
        return this.pool.empty();
    }
}
