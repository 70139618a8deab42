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
    /** The maximum expiry of values on that next server, in seconds. 0 = none. */
    readonly failoverTtlSeconds: number;
    readonly protocol: ProtocolMode;
    /** Returns the part of a key that decides on its server. */
    readonly placedKey: (key: string) => string;
    readonly createServer: (at: ServerAddress) => MemcachedServer;
}

/** The server of a key at this moment. */
export interface Place {
    readonly server: MemcachedServer;
    /** The maximum expiry of values, in seconds. 0 = none. Only a stand-in server has one. */
    readonly expiryLimit: number;
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
    /** The place of a key on its home server, for each server. */
    private readonly homes: readonly Place[];
    /** The place of a key whose home server is down, for each server. */
    private readonly standIns: readonly Place[];
    private readonly isUsable: ((index: number) => boolean) | undefined;

    private constructor(
        private readonly members: ReadonlyMap<string, Member>,
        private readonly options: ServerSetOptions,
    ) {
        const all = [...members.values()];
        const servers = all.map(({ server }) => server);
        this.servers = servers;
        this.homes = servers.map(server => ({ server, expiryLimit: 0 }));
        this.standIns = servers.map(server => ({ server, expiryLimit: options.failoverTtlSeconds }));
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

    /** Returns the place of a key, undefined if there are no servers. */
    placeOf(key: string): Place | undefined {
        const { ring, isUsable } = this;
        const home = ring.find(key);
        if (isUsable === undefined || this.servers.length === 0 || isUsable(home)) return this.homes[home];
        const index = ring.find(key, isUsable);
        return index === home ? this.homes[home] : this.standIns[index];
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
