import type { Call } from './Call';
import type { Channel } from './Channel';
import type { ServerHealth } from './ServerHealth';

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

    /** The channel for the next calls: of those that have room the one that owes least. When all are laden, another is opened for the turns to come. */
    choose(): Channel | null {
        let best: Channel | null = null;
        let isLaden = this.isWorking;
        for (const channel of this.channels) {
            if (!this.isTrusted(channel)) continue;
            if (!channel.isLaden || channel.isSlow) isLaden = false;
            if (channel.hasRoom && (best === null || channel.owes < best.owes)) best = channel;
        }
        if (isLaden) this.grow();
        return best;
    }

    /** The channel for the call after those that went to `last`: the same one, until it owes much or moves a large value. */
    next(last: Channel): Channel | null {
        return last.isLaden || last.isAtLimit ? this.choose() : last;
    }

    /** The server answers, and has had too much to do for this long. */
    isSlowFor(ms: number): boolean {
        return this.channels.some(one => this.isTrusted(one) && one.isSlowFor(ms));
    }

    /** What has not been answered. Nobody waits for what a channel says to show that it works. */
    calls(): Call<unknown>[] {
        return this.channels.filter(one => one.isReady).flatMap(channel => [...channel.calls]);
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

    private grow(): void {
        const mayOpen = this.channels.length < this.limit && this.channels.every(one => one.isReady);
        if (mayOpen && this.health.mayGrow) this.open();
    }

    /**
     * When one channel has a fault, its siblings are likely to have it too, and do not know yet: what is tried again must not be tried on each
     * of them in turn. They are used again when they have answered.
     */
    private isTrusted(channel: Channel): boolean {
        return channel.isReady && channel.round === this.health.round;
    }
}
