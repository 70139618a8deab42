import type { Call, CallHost } from '../calls/Call';
import { CallList } from '../calls/CallList';
import { NoopCall } from '../calls/serverCalls';
import type { Channel, ChannelContext } from '../channel/Channel';
import { ClosedByServerError } from '../channel/socketErrors';
import { connectionLost, overloaded } from '../model/errors';
import { CallQueue } from './CallQueue';
import { ChannelPool, type PoolOwner } from './ChannelPool';
import type { CircuitBreaker } from './CircuitBreaker';
import type { Negotiation } from './Negotiation';

/**
 * The dispatcher that moves calls from the queue of a server to its channels. It takes back the
 * unanswered calls of a channel that has ended. Only this class retries.
 */
export class Dispatcher implements PoolOwner {
    readonly queue: CallQueue;
    readonly pool: ChannelPool;

    constructor(
        private readonly server: CallHost & ChannelContext,
        private readonly breaker: CircuitBreaker,
        negotiation: Negotiation,
    ) {
        this.queue = new CallQueue(server, () => this.dispatch());
        this.pool = new ChannelPool(server, breaker, negotiation, this);
    }

    private dispatch(): void {
        const { queue, pool } = this;
        let channel = queue.isEmpty ? null : pool.leastLoaded();
        while (channel !== null) {
            const call = queue.dequeue();
            if (call === null) break;
            channel.add(call);
            if (queue.isEmpty) break;
            channel = pool.channelFor(channel);
        }
        pool.flush();
        if (channel === null && !queue.isEmpty) this.hold();
    }

    /**
     * Keeps calls in the queue while no channel takes calls. The end of a silent channel does not
     * lose queued calls. If the server is slow, calls that have waited for half of their time fail.
     * So the server has time to answer the calls in flight.
     */
    private hold(): void {
        const { deadlines, requestTimeoutMs, address } = this.server;
        if (!this.pool.isWorking) this.connectSoon();
        else if (this.pool.isSlowFor(requestTimeoutMs / 2))
            this.queue.shed(deadlines.nowMs + requestTimeoutMs / 2, () => overloaded(address));
    }

    private connectSoon(): void {
        const { breaker, pool } = this;
        if (breaker.isDown || breaker.isRetryScheduled || pool.willHaveChannel) return;
        if (breaker.canConnect) pool.open();
        else breaker.scheduleRetry(() => this.dispatch());
    }

    onReady(channel: Channel): void {
        this.startEpoch();
        if (!this.breaker.isDown) this.dispatch();
        else if (this.breaker.needsProbe) this.probe(channel);
    }

    onReplies(): void {
        if (!this.queue.isEmpty) this.queue.flushSoon();
    }

    onGone(fault: Error | null, pending: CallList): void {
        const { queue, breaker } = this;
        this.startEpoch();
        const retried = new CallList();
        for (let call = pending.shift(); call !== null; call = pending.shift()) {
            call.holder = queue;
            queue.largeValues.done(call);
            if (this.retryOrFail(call, fault)) retried.push(call);
        }
        queue.requeue(retried);
        if (breaker.isDown) queue.rejectAll(() => breaker.downError());
        else this.dispatch();
    }

    /** Settles the calls that must stay in their epoch. */
    private startEpoch(): void {
        for (const call of this.queue.unsent()) call.onEpochChange();
    }

    private retryOrFail(call: Call<unknown>, fault: Error | null): boolean {
        if (call.settled) return false;
        if (!isRetryable(call, fault) || call.retries >= this.server.options.retries) {
            call.fail(connectionLost(this.server.address, fault));
            return false;
        }
        call.retries++;
        this.server.metrics.retries++;
        return true;
    }

    /** Sends a call without a caller to a server that is down. Any reply brings the server back. */
    private probe(channel: Channel): void {
        const { server } = this;
        const { deadlines, metrics, requestTimeoutMs } = server;
        const call = new NoopCall();
        call.host = server;
        call.promise.catch(() => {});
        metrics.calls++;
        call.deadlineMs = deadlines.nowMs + requestTimeoutMs;
        deadlines.add(call.deadline!);
        channel.add(call);
        channel.flush();
    }
}

/** @param fault the fault of the channel that has sent the call and got no answer */
function isRetryable({ retry }: Call<unknown>, fault: Error | null): boolean {
    return retry === 'always' || (retry === 'afterClose' && fault instanceof ClosedByServerError);
}
