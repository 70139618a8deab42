import type { RingServer } from '../../../src/client/cluster/ketama/HashRing';

/** From a moment on a component uses these servers. */
interface Use {
    readonly fromMs: number;
    readonly servers: readonly RingServer[];
}

/** For so long discovery gave a component no list. */
interface Silence {
    readonly user: string;
    readonly fromMs: number;
    readonly toMs: number;
}

/** Which servers each component of each process has used, and when. */
export class ServerLists {
    /** By user, see `userOf`. */
    private readonly uses = new Map<string, Use[]>();
    readonly silences: Silence[] = [];
    /** What is wrong by itself. */
    readonly mistakes: string[] = [];

    /** @param first what all of them begin with */
    constructor(readonly first: readonly RingServer[]) {}

    use(user: string, servers: readonly RingServer[], fromMs: number): void {
        const known = this.uses.get(user) ?? [{ fromMs: 0, servers: this.first }];
        this.uses.set(user, known);
        if (nameOf(known.at(-1)!.servers) !== nameOf(servers)) known.push({ fromMs, servers });
    }

    /** The lists that the component used at some moment between these two. */
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
