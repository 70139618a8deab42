import type { RingServer } from '../../../src/client/cluster/ketama/HashRing';

/** Server list of a component from this time on. */
interface Use {
    readonly fromMs: number;
    readonly servers: readonly RingServer[];
}

/** Interval in which discovery returns no list to a component. */
interface Outage {
    readonly user: string;
    readonly fromMs: number;
    readonly toMs: number;
}

/** History of the server lists of each component in each process. */
export class ServerLists {
    /** Lists by user (see `userOf`). */
    private readonly uses = new Map<string, Use[]>();
    readonly outages: Outage[] = [];
    /** Violations that the workload itself detects. */
    readonly violations: string[] = [];

    /** @param first initial list of every component */
    constructor(readonly first: readonly RingServer[]) {}

    use(user: string, servers: readonly RingServer[], fromMs: number): void {
        const known = this.uses.get(user) ?? [{ fromMs: 0, servers: this.first }];
        this.uses.set(user, known);
        if (nameOf(known.at(-1)!.servers) !== nameOf(servers)) known.push({ fromMs, servers });
    }

    /** Returns every list that the component uses in this interval. */
    between(user: string, fromMs: number, toMs: number): (readonly RingServer[])[] {
        const known = this.uses.get(user);
        if (known === undefined) return [this.first];
        return known
            .filter((use, i) => use.fromMs <= toMs && (known[i + 1]?.fromMs ?? Infinity) >= fromMs)
            .map(({ servers }) => servers);
    }

    last(user: string): readonly RingServer[] {
        return this.between(user, Infinity, Infinity).at(-1)!;
    }
}

export function userOf(process: string, component: string): string {
    return `${process} ${component}`;
}

function nameOf(servers: readonly RingServer[]): string {
    return servers.map(({ host, weight }) => `${host} ${weight}`).join();
}
