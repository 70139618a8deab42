import type { RingServer } from '../../../src/client/cluster/ketama/HashRing';
import type { ServerAddress } from '../../../src/client/model/ServerAddress';
import type { Member, Plan } from '../schedule/Plan';
import { DataSource } from './DataSource';
import { LeaseBook } from './LeaseBook';
import { ServerLists } from './ServerLists';
import { LOGIN } from './settings';

/** State that the processes of a schedule share, and that the checks read afterwards. */
export class Service {
    readonly source = new DataSource();
    readonly book = new LeaseBook();
    readonly lists: ServerLists;
    /** Number of attempts until a process could use all servers after the faults. */
    readonly recoveries = new Map<string, number>();

    constructor(
        readonly plan: Plan,
        readonly servers: readonly string[],
    ) {
        this.lists = new ServerLists(servers.map(host => toServer(host)));
    }

    /** Returns the servers of a list of the plan. */
    toServers(members: readonly Member[]): RingServer[] {
        return members.map(({ server, weight }) => toServer(this.servers[server]!, weight));
    }

    /** Adds the login that a client needs to the servers of a list. */
    toAddresses(servers: readonly RingServer[]): ServerAddress[] {
        const login = this.plan.hasLogin ? LOGIN : undefined;
        return servers.map(server => ({ ...server, login }));
    }

    /** Time at which the last fault ends. */
    get quietMs(): number {
        return Math.max(0, ...this.plan.faults.map(fault => fault.atMs + durationMs(fault)));
    }
}

function toServer(host: string, weight = 1): RingServer {
    return { host, port: 11211, weight };
}

function durationMs(fault: Plan['faults'][number]): number {
    if (fault.kind === 'restart') return fault.downMs;
    return 'forMs' in fault ? fault.forMs : 0;
}
