import { ConnectionParams, type IDiscovery } from 'pip-services4-config-node';
import type { RingServer } from '../../../src/client/cluster/ketama/HashRing';
import type { Trouble } from '../schedule/Plan';
import type { SimProcess } from './SimProcess';
import type { ServerLists } from './ServerLists';
import type { Service } from './Service';

/** Time that a component waits for discovery, in ms. */
export const LOOKUP_MS = 10_000;
/** Delays of successive queries. The last delay exceeds the component's timeout. */
const SLOW_MS = [50, 3000, 15_000];

/** Planned failure of discovery. */
export class DiscoveryError extends Error {
    readonly code = 'DISCOVERY_FAILED';
}

/** Discovery service of one component. */
export class Discovery implements IDiscovery {
    private trouble: Trouble | 'none' = 'none';
    private troubleEndsMs = 0;
    private asked = 0;
    /** Whether the last answer of discovery differs from the component's list. */
    private hasNewList = false;

    private constructor(
        private readonly process: SimProcess,
        private readonly lists: ServerLists,
        private readonly user: string,
        private readonly inUse: () => readonly { readonly address: string }[],
        public servers = lists.first,
    ) {}

    /**
     * Returns null for schedules without discovery.
     * @param inUse returns the servers that the component reports, or none without a client
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

    disturbDiscovery(how: Trouble, untilMs: number): void {
        this.trouble = how;
        this.troubleEndsMs = untilMs;
        this.lists.outages.push({ user: this.user, fromMs: performance.now(), toMs: untilMs });
    }

    /** Records the servers of the component after a possible change. */
    recordServers(): void {
        if (!this.hasNewList) return;
        const hosts = this.inUse().map(({ address }) => address.split(':')[0]!);
        if (hosts.length === 0) return;
        this.hasNewList = false;
        this.process.recordServers(
            this.user,
            hosts.map(host => ({ host, port: 11211, weight: 1 })),
        );
    }

    /**
     * Answers a query. The component applies or ignores the answer before the next event of its
     * process.
     */
    async resolveAll(): Promise<ConnectionParams[]> {
        const found = await this.answer();
        const hosts = found.map(one => one.getHost()).join();
        if (hosts !== this.known().join()) {
            this.hasNewList = true;
            this.process.loop.post(performance.now(), () => this.recordServers());
        }
        return found;
    }

    resolveOne(): Promise<ConnectionParams> {
        throw new Error('unexpected query for one server');
    }

    register(): Promise<ConnectionParams> {
        throw new Error('unexpected registration of a server');
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
