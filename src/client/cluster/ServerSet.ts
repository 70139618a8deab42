import { isDeepStrictEqual } from 'node:util';
import { checkLogin, isWeight } from '../model/validate';
import { invalidLogin, invalidWeight, invalidWeights } from '../model/errors';
import { HashRing, type RingServer } from './ketama/HashRing';
import type { ProtocolMode } from '../model/ClientOptions';
import type { MemcachedServer } from '../server/MemcachedServer';
import { formatAddress, type ServerAddress } from '../model/ServerAddress';

/** The changes of an update, as the addresses of servers. */
export interface ServerChange {
    /** New servers. */
    readonly added: readonly string[];
    /** Servers that are not in the new list. */
    readonly removed: readonly string[];
    /** Servers whose login or TLS settings have changed. */
    readonly replaced: readonly string[];
    /** Servers whose weight has changed. */
    readonly reweighted: readonly string[];
}

export interface ServerSetOptions {
    /** Whether the keys of a server that is down go to the next server on the ring. */
    readonly failover: boolean;
    readonly protocol: ProtocolMode;
    /** Returns the part of a key that decides on its server. */
    readonly placedKey: (key: string) => string;
    readonly createServer: (at: ServerAddress) => MemcachedServer;
}

interface Member {
    readonly at: ServerAddress;
    readonly server: MemcachedServer;
}

/**
 * The servers of a client, each once, and the ring that assigns keys to them. A set never changes.
 * An update makes another set, so all lookups in one set agree.
 */
export class ServerSet {
    readonly servers: readonly MemcachedServer[];
    private readonly ring: HashRing;
    private readonly isUsable: ((index: number) => boolean) | undefined;

    private constructor(
        private readonly members: ReadonlyMap<string, Member>,
        private readonly options: ServerSetOptions,
    ) {
        const all = [...members.values()];
        const servers = all.map(({ server }) => server);
        this.servers = servers;
        this.ring = new HashRing(
            toRingServers(
                all.map(({ at }) => at),
                options.protocol,
            ),
            options.placedKey,
        );
        if (options.failover) this.isUsable = index => servers[index]!.isUp;
    }

    static of(addresses: readonly ServerAddress[], options: ServerSetOptions): ServerSet {
        return new ServerSet(new Map(), options).next(addresses).set;
    }

    /** Returns the set for these addresses, `this` if nothing changes. */
    next(addresses: readonly ServerAddress[]): { set: ServerSet; change: ServerChange } {
        const wanted = new Map(addresses.map(at => [formatAddress(at), at]));
        const members = new Map<string, Member>();
        const added: string[] = [];
        const replaced: string[] = [];
        const reweighted: string[] = [];
        for (const [address, at] of wanted) {
            const member = this.members.get(address);
            if (member !== undefined && hasSameConnection(member.at, at)) {
                if ((member.at.weight ?? 1) !== (at.weight ?? 1)) reweighted.push(address);
                members.set(address, { at, server: member.server });
                continue;
            }
            (member === undefined ? added : replaced).push(address);
            members.set(address, { at, server: this.options.createServer(at) });
        }
        const removed = [...this.members.keys()].filter(address => !wanted.has(address));
        const change = { added, removed, replaced, reweighted };
        return { set: isChange(change) ? new ServerSet(members, this.options) : this, change };
    }

    indexOf(key: string): number {
        return this.ring.find(key, this.isUsable);
    }

    /** Returns the server of a key, also while it is down. */
    homeServer(key: string): MemcachedServer {
        return this.servers[this.ring.find(key)]!;
    }
}

function toRingServers(servers: readonly ServerAddress[], protocol: ProtocolMode): RingServer[] {
    const ringServers = servers.map(at => {
        const { host, port, weight = 1, login } = at;
        if (!isWeight(weight)) throw invalidWeight(formatAddress(at), weight);
        const problem = login === undefined ? null : checkLogin(login, protocol);
        if (problem !== null) throw invalidLogin(formatAddress(at), problem);
        return { host, port, weight };
    });
    const total = ringServers.reduce((sum, { weight }) => sum + weight, 0);
    if (total === Infinity) throw invalidWeights();
    return ringServers;
}

export function isChange({ added, removed, replaced, reweighted }: ServerChange): boolean {
    return added.length + removed.length + replaced.length + reweighted.length > 0;
}

function hasSameConnection(one: ServerAddress, other: ServerAddress): boolean {
    // The ring places a server by its host, also when the connection goes to a path.
    if (one.host !== other.host) return false;
    // The contents of a secure context are opaque, so two contexts compare as equal by value.
    if (one.tls?.secureContext !== other.tls?.secureContext) return false;
    return isDeepStrictEqual([one.tls, one.login], [other.tls, other.login]);
}
