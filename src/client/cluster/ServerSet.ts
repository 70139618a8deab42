import { isDeepStrictEqual } from 'node:util';
import { isLogin, isWeight } from '../model/validate';
import { invalidLogin, invalidWeight, invalidWeights } from '../model/errors';
import { HashRing, type RingServer } from './ketama/HashRing';
import type { MemcachedServer } from '../server/MemcachedServer';
import { formatAddress, type ServerAddress } from '../model/ServerAddress';

/** What another list of servers has changed, as the addresses of servers. */
export interface ServerChange {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    /** Those that are spoken to in another way: another login, other TLS. */
    readonly replaced: readonly string[];
    readonly reweighted: readonly string[];
}

interface Member {
    readonly at: ServerAddress;
    readonly node: MemcachedServer;
}

/**
 * The servers of a client at a time, each once, and which of them a key belongs to. It never changes: another list takes its place, so that who has chosen
 * a server by it has chosen among these and no others.
 */
export class ServerSet {
    readonly servers: readonly MemcachedServer[];
    private readonly ring: HashRing;
    private readonly isUsable: ((index: number) => boolean) | undefined;

    private constructor(
        private readonly members: ReadonlyMap<string, Member>,
        private readonly failover: boolean,
        private readonly place: (key: string) => string,
    ) {
        const all = [...members.values()];
        const nodes = all.map(({ node }) => node);
        this.servers = nodes;
        this.ring = new HashRing(toRingServers(all.map(({ at }) => at)), place);
        if (failover) this.isUsable = index => nodes[index]!.isUp;
    }

    /** @param place see `HashRing` */
    static of(
        addresses: readonly ServerAddress[],
        failover: boolean,
        place: (key: string) => string,
        make: (at: ServerAddress) => MemcachedServer,
    ): ServerSet {
        const members = new Map(addresses.map(at => [formatAddress(at), { at, node: make(at) }]));
        return new ServerSet(members, failover, place);
    }

    /** The list that takes this one's place, itself without a change. Servers that stay keep their sockets. */
    next(
        addresses: readonly ServerAddress[],
        make: (at: ServerAddress) => MemcachedServer,
    ): { list: ServerSet; change: ServerChange } {
        const wanted = new Map(addresses.map(at => [formatAddress(at), at]));
        const members = new Map<string, Member>();
        const added: string[] = [];
        const replaced: string[] = [];
        const reweighted: string[] = [];
        for (const [address, at] of wanted) {
            const member = this.members.get(address);
            if (member !== undefined && isSpokenToAlike(member.at, at)) {
                if ((member.at.weight ?? 1) !== (at.weight ?? 1)) reweighted.push(address);
                members.set(address, { at, node: member.node });
                continue;
            }
            (member === undefined ? added : replaced).push(address);
            members.set(address, { at, node: make(at) });
        }
        const removed = [...this.members.keys()].filter(address => !wanted.has(address));
        const change = { added, removed, replaced, reweighted };
        return { list: isChange(change) ? new ServerSet(members, this.failover, this.place) : this, change };
    }

    /** The key's own server, whoever is up. */
    homeServer(key: string): MemcachedServer {
        return this.servers[this.ring.find(key)]!;
    }

    /** As an index; with `failover`, while that server is down, the next one on the ring. */
    find(key: string): number {
        return this.ring.find(key, this.isUsable);
    }
}

/** @throws ConfigException INVALID_CONNECTION for weights, INVALID_CREDENTIAL for a login */
function toRingServers(servers: readonly ServerAddress[]): RingServer[] {
    const ringServers = servers.map(at => {
        const { host, port, weight = 1, login } = at;
        if (!isWeight(weight)) throw invalidWeight(formatAddress(at), weight);
        if (login !== undefined && !isLogin(login)) throw invalidLogin(formatAddress(at));
        return { host, port, weight };
    });
    const total = ringServers.reduce((sum, { weight }) => sum + weight, 0);
    if (total === Infinity) throw invalidWeights();
    return ringServers;
}

/** Without any change the servers and their places are what they were. */
export function isChange({ added, removed, replaced, reweighted }: ServerChange): boolean {
    return added.length + removed.length + replaced.length + reweighted.length > 0;
}

/** `host` is what the ring knows the server by, also when a path leads to it. */
function isSpokenToAlike(one: ServerAddress, other: ServerAddress): boolean {
    // What a secure context is made of cannot be seen, so all of them look alike.
    if (one.host !== other.host || one.tls?.secureContext !== other.tls?.secureContext) return false;
    return isDeepStrictEqual([one.tls, one.login], [other.tls, other.login]);
}
