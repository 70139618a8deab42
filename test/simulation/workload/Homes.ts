import { HashRing, type RingServer } from '../../../src/client/cluster/ketama/HashRing';

/** Cache of rings, because most schedules share a few lists. */
const rings = new Map<string, HashRing>();

/** Returns the server that owns a key. Other tests check the choice itself. */
export function homeOf(servers: readonly RingServer[], key: string): string {
    if (servers.length === 1) return servers[0]!.host;
    const name = servers.map(({ host, weight }) => `${host} ${weight}`).join();
    let ring = rings.get(name);
    if (ring === undefined) rings.set(name, (ring = new HashRing(servers)));
    return servers[ring.find(key)]!.host;
}

/** Returns one key per server. */
export function probeKeys(servers: readonly RingServer[], prefix: string): string[] {
    return servers.map(({ host }) => {
        for (let i = 0; ; i++) if (homeOf(servers, `${prefix}r${i}`) === host) return `r${i}`;
    });
}
