import { isDeepStrictEqual } from 'node:util';
import type { Call } from '../calls/Call';
import type { CallList } from '../calls/CallList';
import { Channel, type ChannelContext, type ChannelOwner } from '../channel/Channel';
import { ConnectSpan } from '../channel/ConnectSpan';
import { connectTracing, isTraced } from '../../diagnostics/tracing';
import type { ServerIdentity } from '../model/ServerIdentity';
import type { CircuitBreaker } from './CircuitBreaker';
import type { Negotiation } from './Negotiation';

/** The owner of a pool. It gives calls to the channels, and takes them back. */
export interface PoolOwner {
    onReady(channel: Channel): void;
    /** Sends calls that wait for room, as a channel may have room again. */
    onReplies(): void;
    /** Takes back the calls of a channel. See `ChannelOwner`. */
    onGone(fault: Error | null, pending: CallList): void;
}

/** A channel, with the data that only the pool needs. */
interface Entry {
    readonly channel: Channel;
    /** The trace of the connection attempt, null without subscribers. */
    readonly span: ConnectSpan | null;
    /** The breaker's round of faults when the channel last proved that it works. */
    round: number;
    wasReady: boolean;
}

let lastEpoch = 0;

/** The channels to one server. It opens them as the breaker allows, and chooses one per call. */
export class ChannelPool implements ChannelOwner {
    /**
     * A number that changes whenever a channel gets ready or ends. While it stays the same, every
     * channel leads to the same process. Epochs are unique across all servers and clients.
     */
    epoch = ++lastEpoch;
    /** The number of sockets that are open, opening, or closing. */
    socketCount = 0;
    private readonly entries: Entry[] = [];
    private onEmpty: (() => void) | null = null;

    constructor(
        private readonly context: ChannelContext,
        private readonly breaker: CircuitBreaker,
        private readonly negotiation: Negotiation,
        private readonly owner: PoolOwner,
    ) {}

    /** Returns whether a channel takes calls, or may soon. */
    get willHaveChannel(): boolean {
        return this.entries.some(one => !one.channel.isReady || this.isCurrent(one));
    }

    get isWorking(): boolean {
        return this.entries.some(one => this.isCurrent(one));
    }

    open(): void {
        const { at, metrics } = this.context;
        this.socketCount++;
        metrics.connects++;
        const span = isTraced(connectTracing) ? new ConnectSpan(at) : null;
        const open = (): Channel => new Channel(this.context, this);
        const channel = span === null ? open() : span.start(open);
        this.entries.push({ channel, span, round: this.breaker.faultRound, wasReady: false });
    }

    /**
     * Returns the channel for the next calls, which is the least loaded one with room. If all
     * channels are saturated, opens another one for the turns to come.
     */
    leastLoaded(): Channel | null {
        let best: Channel | null = null;
        let areSaturated = this.isWorking;
        for (const entry of this.entries) {
            if (!this.isCurrent(entry)) continue;
            const { channel } = entry;
            if (!channel.isSaturated || channel.isSlow) areSaturated = false;
            if (channel.hasRoom && (best === null || channel.load.bytes < best.load.bytes)) best = channel;
        }
        if (areSaturated) this.grow();
        return best;
    }

    /** Returns the channel for the next call of a turn, `last` until that channel is saturated. */
    channelFor(last: Channel): Channel | null {
        return last.isSaturated || last.isAtLimit ? this.leastLoaded() : last;
    }

    /** Returns whether the server answers, but has been overloaded for this long. */
    isSlowFor(ms: number): boolean {
        return this.entries.some(one => this.isCurrent(one) && one.channel.isSlowFor(ms));
    }

    /** Returns the unanswered calls. The first call of a connecting channel has no caller. */
    calls(): Call<unknown>[] {
        return this.entries.flatMap(({ channel }) => (channel.isReady ? [...channel.calls] : []));
    }

    flush(): void {
        for (const { channel } of this.entries) channel.flush();
    }

    endAll(): void {
        for (const { channel } of [...this.entries]) channel.end(null);
    }

    /** Resolves when every socket is closed. */
    empty(): Promise<void> {
        if (this.socketCount === 0) return Promise.resolve();
        return new Promise(resolve => (this.onEmpty = resolve));
    }

    onReady(channel: Channel, identity: ServerIdentity): void {
        const entry = this.entryOf(channel);
        this.identify(channel, identity);
        entry.wasReady = true;
        entry.round = this.breaker.faultRound;
        entry.span?.end('connected');
        this.epoch = ++lastEpoch;
        this.owner.onReady(channel);
    }

    onReplies(channel: Channel): void {
        this.entryOf(channel).round = this.breaker.faultRound;
        if (this.breaker.lastFault !== null) this.breaker.recover();
        this.owner.onReplies();
    }

    onGone(channel: Channel, fault: Error | null, pending: CallList): void {
        const entry = this.entryOf(channel);
        this.entries.splice(this.entries.indexOf(entry), 1);
        entry.span?.end(fault ?? 'unused');
        this.epoch = ++lastEpoch;
        if (fault === null) this.probeAgain();
        else this.judge(entry, fault);
        this.owner.onGone(fault, pending);
    }

    onClosed(): void {
        if (--this.socketCount > 0 || this.onEmpty === null) return;
        this.onEmpty();
        this.onEmpty = null;
    }

    private identify({ protocol }: Channel, identity: ServerIdentity): void {
        const { context, negotiation } = this;
        const { identity: before } = negotiation;
        negotiation.accept(protocol, identity);
        if (isDeepStrictEqual(identity, before)) return;
        // `nextTick` keeps an exception of an observer from interrupting the caller.
        process.nextTick(() => context.options.observer.onIdentified?.(context.address, identity));
    }

    private judge(entry: Entry, fault: Error): void {
        const { channel, wasReady } = entry;
        const isProtocolInDoubt = !wasReady && !this.isWorking;
        const counted = isProtocolInDoubt
            ? this.negotiation.judge(channel.protocol, fault, channel.wasConnected, this.breaker.isDown)
            : fault;
        if (counted === null) return this.open();
        this.countFault(entry, counted);
    }

    private countFault({ wasReady, round }: Entry, fault: Error): void {
        const { breaker } = this;
        if (!wasReady && this.isWorking) return breaker.pauseGrowth();
        if (!breaker.recordFault(fault, round)) return;
        if (breaker.needsProbe) breaker.scheduleRetry(() => this.open());
        for (const { channel } of [...this.entries]) if (channel.isIdle) channel.end(null);
    }

    /**
     * Schedules the next probe. A late reply to a probe ends its channel without a fault, which
     * would schedule the next probe.
     */
    private probeAgain(): void {
        const { breaker } = this;
        if (!breaker.needsProbe || breaker.isRetryScheduled || this.willHaveChannel) return;
        breaker.scheduleRetry(() => this.open());
    }

    private grow(): void {
        const { entries, context, breaker } = this;
        if (entries.length >= context.options.poolSize || !entries.every(({ channel }) => channel.isReady)) return;
        if (breaker.canGrow) this.open();
    }

    /**
     * Returns whether a channel has worked since the last fault. When one channel fails, the others
     * are likely to fail too. The client must not retry a call on each of them in turn.
     */
    private isCurrent({ channel, round }: Entry): boolean {
        return channel.isReady && round === this.breaker.faultRound;
    }

    private entryOf(channel: Channel): Entry {
        return this.entries.find(one => one.channel === channel)!;
    }
}
