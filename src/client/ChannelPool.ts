import type { Call } from './Call';
import type { Channel } from './Channel';
import type { ServerHealth } from './ServerHealth';

/** While a channel owes less than this, the next calls join it: one write for all of them is worth more than a second socket. */
const SPREAD_BYTES = 256 * 1024;

/** The channels to one server, and which of them the next call goes to. */
export class ChannelPool {
    private readonly channels: Channel[] = [];

    constructor(
        private readonly limit: number,
        private readonly health: ServerHealth,
        private readonly openChannel: () => Channel,
    ) {}

    /** There is one to use, or there soon will be. */
    get hasProspect(): boolean {
        return this.channels.some(one => !one.isReady || this.isTrusted(one));
    }

    get isWorking(): boolean {
        return this.channels.some(one => this.isTrusted(one));
    }

    open(): void {
        this.channels.push(this.openChannel());
    }

    /** The channel that owes least, null while there is none to use. */
    choose(): Channel | null {
        let best: Channel | null = null;
        for (const channel of this.channels) {
            if (!this.isTrusted(channel)) continue;
            if (best === null || channel.owes < best.owes) best = channel;
        }
        return best;
    }

    /**
     * The channel for the call after those that went to `last`: the same one, until it owes much or moves a large value. When all do, another is opened
     * for the turns to come.
     */
    next(last: Channel): Channel {
        if (!isLaden(last)) return last;
        const channel = this.choose()!;
        const mayOpen = this.channels.length < this.limit && this.channels.every(one => one.isReady);
        if (isLaden(channel) && mayOpen && this.health.mayGrow) this.open();
        return channel;
    }

    /** What has not been answered. */
    calls(): Call<unknown>[] {
        return this.channels.flatMap(channel => [...channel.calls()]);
    }

    flush(): void {
        for (const channel of this.channels) channel.flush();
    }

    remove(channel: Channel): void {
        this.channels.splice(this.channels.indexOf(channel), 1);
    }

    endIdle(): void {
        for (const channel of [...this.channels]) if (channel.isIdle) channel.end(null);
    }

    endAll(): void {
        for (const channel of [...this.channels]) channel.end(null);
    }

    /**
     * When one channel has a fault, its siblings are likely to have it too, and do not know yet: what is tried again must not be tried on each
     * of them in turn. They are used again when they have answered.
     */
    private isTrusted(channel: Channel): boolean {
        return channel.isReady && channel.round === this.health.round;
    }
}

function isLaden(channel: Channel): boolean {
    return channel.bulk > 0 || channel.owes > SPREAD_BYTES;
}
