import { createHash } from 'node:crypto';
import { HotKeys } from './HotKeys';
import { md5Word } from './md5';

const POINTS_PER_SERVER = 160;
const POINTS_PER_HASH = 4;
const MEMCACHED_PORT = 11211;
/** Twice as many at most: with the longest keys 2 MiB. */
const HOT_KEYS = 4096;

export interface RingServer {
    readonly host: string;
    readonly port: number;
    readonly weight: number;
}

/**
 * Which server a key belongs to: libmemcached's weighted ketama, so that a key is where clients in other languages look for it. Depends on
 * the servers' names and weights alone, not on their order, and not on who is up.
 */
export class HashRing {
    private readonly points: Uint32Array;
    /** The server of each point, as an index into `servers`. */
    private readonly owners: Uint16Array;
    /** Where keys lie on the ring, as an index into `points`. */
    private readonly places = new HotKeys(HOT_KEYS, key => this.firstPoint(md5Word(key)));

    constructor(private readonly servers: readonly RingServer[]) {
        const total = servers.reduce((sum, { weight }) => sum + weight, 0);
        const ring = servers.flatMap((server, index) => {
            const label = server.port === MEMCACHED_PORT ? server.host : `${server.host}:${server.port}`;
            return pointsOf(label, hashCount(server.weight, total, servers.length)).map(point => ({
                point,
                label,
                index,
            }));
        });
        ring.sort((a, b) => a.point - b.point || (a.label < b.label ? -1 : 1));
        this.points = Uint32Array.from(ring, ({ point }) => point);
        this.owners = Uint16Array.from(ring, ({ index }) => index);
    }

    /** The index of the key's server; with `isUsable`, of the first one from there on around the ring that is. */
    find(key: string, isUsable?: (index: number) => boolean): number {
        if (this.servers.length === 1) return 0;
        const first = this.places.get(key);
        const home = this.owners[first]!;
        if (isUsable === undefined || isUsable(home)) return home;
        // Of 300 servers there are 48,000 points: when all are away nobody has the time to look at each.
        if (!this.servers.some((_, index) => isUsable(index))) return home;
        for (let i = 1; i < this.owners.length; i++) {
            const next = this.owners[(first + i) % this.owners.length]!;
            if (isUsable(next)) return next;
        }
        return home;
    }

    /** The first point that is not before the hash; past the last one the ring begins again. */
    private firstPoint(hash: number): number {
        let low = 0;
        let high = this.points.length;
        while (low < high) {
            const middle = (low + high) >>> 1;
            if (this.points[middle]! < hash) low = middle + 1;
            else high = middle;
        }
        return low === this.points.length ? 0 : low;
    }
}

/** libmemcached's formula, its rounding in single precision included. */
function hashCount(weight: number, total: number, servers: number): number {
    const share = Math.fround(weight / total);
    const points = Math.fround(share * (POINTS_PER_SERVER / POINTS_PER_HASH)) * servers + 1e-10;
    return Math.floor(points);
}

function pointsOf(label: string, hashes: number): number[] {
    const points: number[] = [];
    for (let i = 0; i < hashes; i++) {
        const digest = createHash('md5').update(`${label}-${i}`).digest();
        for (let word = 0; word < POINTS_PER_HASH; word++) points.push(digest.readUInt32LE(word * 4));
    }
    return points;
}
