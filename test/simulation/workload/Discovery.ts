import { ConnectionParams, type IDiscovery } from 'pip-services4-config-node';
import type { RingServer } from '../../../src/client/cluster/ketama/HashRing';
import type { Trouble } from '../schedule/Plan';
import type { SimProcess } from './SimProcess';
import type { ServerLists } from './ServerLists';
import type { Service } from './Service';

/** How long a component waits for an answer. */
export const LOOKUP_MS = 10_000;
/** In turn; the last one is too late. */
const SLOW_MS = [50, 3000, 15_000];

/** Discovery has failed, as the schedule wants it. */
export class DiscoveryError extends Error {
    readonly code = 'DISCOVERY_FAILED';
}

/** Where a component looks its servers up. */
export class Discovery implements IDiscovery {
    private trouble: Trouble | 'none' = 'none';
    private troubleEndsMs = 0;
    private asked = 0;
    /** It has answered another list than the component had. */
    private hasNews = false;

    private constructor(
        private readonly process: SimProcess,
        private readonly lists: ServerLists,
        private readonly user: string,
        private readonly inUse: () => readonly { readonly address: string }[],
        public servers = lists.first,
    ) {}

    /**
     * Null in schedules without.
     * @param inUse the servers that the component says it uses; none while it has no client
     */
    static of(
        process: SimProcess,
        { plan, lists }: Service,
        user: string,
        inUse: () => readonly { readonly address: string }[],
    ): Discovery | null {
        return plan.lists.discoveryMs === 0 ? null : new Discovery(process, lists, user, inUse);
    }

    follow(servers: readonly RingServer[]): void {
        this.servers = servers;
    }

    mislead(how: Trouble, untilMs: number): void {
        this.trouble = how;
        this.troubleEndsMs = untilMs;
        this.lists.silences.push({ user: this.user, fromMs: performance.now(), toMs: untilMs });
    }

    /** Remembers which servers the component uses, when that may have changed. */
    look(): void {
        if (!this.hasNews) return;
        const hosts = this.inUse().map(({ address }) => address.split(':')[0]!);
        if (hosts.length === 0) return;
        this.hasNews = false;
        this.process.uses(
            this.user,
            hosts.map(host => ({ host, port: 11211, weight: 1 })),
        );
    }

    /** A component takes an answer, or drops it, before anything else happens in its process. */
    async resolveAll(): Promise<ConnectionParams[]> {
        const found = await this.answer();
        const hosts = found.map(one => one.getHost()).join();
        if (hosts !== this.known().join()) {
            this.hasNews = true;
            this.process.loop.post(performance.now(), () => this.look());
        }
        return found;
    }

    resolveOne(): Promise<ConnectionParams> {
        throw new Error('no component asks for one server');
    }

    register(): Promise<ConnectionParams> {
        throw new Error('no component registers servers');
    }

    private known(): string[] {
        return this.lists.last(this.user).map(({ host }) => host);
    }

    private async answer(): Promise<ConnectionParams[]> {
        const known = this.servers.map(({ host }) => ConnectionParams.fromTuples('host', host));
        switch (performance.now() < this.troubleEndsMs ? this.trouble : 'none') {
            case 'fail':
                throw new DiscoveryError();
            case 'empty':
                return [];
            case 'malformed':
                return [...known, ConnectionParams.fromTuples('host', 's1 or s2')];
            case 'hang':
                return new Promise(() => {});
            case 'slow':
                await this.process.pause(SLOW_MS[this.asked++ % SLOW_MS.length]!);
                return known;
            case 'none':
                return known;
        }
    }
}
