import { RingCache } from './RingCache';
import { md5, md5First32 } from './md5';

const POINTS_PER_SERVER = 160;
const POINTS_PER_HASH = 4;
const MEMCACHED_PORT = 11211;
/** The owners are words of 16 bits. */
const MOST_SERVERS = 2 ** 16;
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
    private readonly places = new RingCache(HOT_KEYS, key => this.firstPoint(md5First32(this.place(key))));

    /** @param place which part of a key decides */
    constructor(
        private readonly servers: readonly RingServer[],
        private readonly place: (key: string) => string = key => key,
    ) {
        ({ points: this.points, owners: this.owners } = layOut(servers));
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

/** The servers, by index, that no key belongs to: their weight is too small beside the others. */
export function withoutPlace(servers: readonly RingServer[]): number[] {
    if (servers.length < 2) return [];
    return [...hashCounts(servers).entries()].filter(([, count]) => count === 0).map(([index]) => index);
}

/** The points of all servers in order, and their owners. Of points that coincide the first label's comes first. */
function layOut(servers: readonly RingServer[]): { points: Uint32Array; owners: Uint16Array } {
    const labels = servers.map(labelOf);
    const byLabel = [...servers.keys()].sort((a, b) => (labels[a]! < labels[b]! ? -1 : 1));
    const hashes = hashCounts(servers);
    const size = hashes.reduce((sum, count) => sum + count, 0) * POINTS_PER_HASH;
    // A point and the place of its owner in one number, which sorts without a comparison in JavaScript.
    const ring = new Float64Array(size);
    let filled = 0;
    byLabel.forEach((index, place) => {
        for (let i = 0; i < hashes[index]!; i++) {
            const words = md5(`${labels[index]!}-${i}`);
            for (let w = 0; w < POINTS_PER_HASH; w++) ring[filled++] = (words[w]! >>> 0) * MOST_SERVERS + place;
        }
    });
    ring.sort();
    const points = new Uint32Array(size);
    const owners = new Uint16Array(size);
    for (let i = 0; i < size; i++) {
        const point = Math.floor(ring[i]! / MOST_SERVERS);
        points[i] = point;
        owners[i] = byLabel[ring[i]! - point * MOST_SERVERS]!;
    }
    return { points, owners };
}

/** libmemcached's formula, its rounding in single precision included. */
function hashCounts(servers: readonly RingServer[]): number[] {
    const total = servers.reduce((sum, { weight }) => sum + weight, 0);
    return servers.map(({ weight }) => {
        const share = Math.fround(weight / total);
        const points = Math.fround(share * (POINTS_PER_SERVER / POINTS_PER_HASH)) * servers.length + 1e-10;
        return Math.floor(points);
    });
}

function labelOf({ host, port }: RingServer): string {
    return port === MEMCACHED_PORT ? host : `${host}:${port}`;
}
