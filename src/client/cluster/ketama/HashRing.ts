import { RingCache } from './RingCache';
import { md5, md5First32 } from './md5';

const POINTS_PER_SERVER = 160;
const POINTS_PER_HASH = 4;
const MEMCACHED_PORT = 11211;
/** The maximum number of servers. An owner is a word of 16 bits. */
const MAX_SERVERS = 2 ** 16;
/** The limit of a cache map. Two maps with the longest keys take 2 MiB (8,192 × 250 bytes). */
const CACHED_KEYS = 4096;

export interface RingServer {
    readonly host: string;
    readonly port: number;
    readonly weight: number;
}

/**
 * An assignment of keys to servers. A client with one server never uses the ring, its cache or its
 * hash. The ring is libmemcached's weighted ketama, so clients in other languages agree with it. It
 * depends on the names and weights of the servers, not on their order or their state.
 */
export class HashRing {
    private readonly points: Uint32Array;
    /** The server of each point, as an index into `servers`. */
    private readonly owners: Uint16Array;
    /** The first point of a key, as an index into `points`. */
    private readonly pointOf = new RingCache(CACHED_KEYS, key => this.firstPoint(md5First32(this.placedKey(key))));

    /** @param placedKey returns the part of a key that decides on its server */
    constructor(
        private readonly servers: readonly RingServer[],
        private readonly placedKey: (key: string) => string = key => key,
    ) {
        ({ points: this.points, owners: this.owners } = layOut(servers));
    }

    /**
     * Returns the index of the server of a key. With `isUsable`, returns the first usable server
     * from there on around the ring. If none is usable, returns the key's own server.
     */
    find(key: string, isUsable?: (index: number) => boolean): number {
        if (this.servers.length === 1) return 0;
        const first = this.pointOf.get(key);
        const home = this.owners[first]!;
        if (isUsable === undefined || isUsable(home)) return home;
        // 300 servers have 48,000 points (160 each), too many to try while all servers are down.
        if (!this.servers.some((_, index) => isUsable(index))) return home;
        for (let i = 1; i < this.owners.length; i++) {
            const next = this.owners[(first + i) % this.owners.length]!;
            if (isUsable(next)) return next;
        }
        return home;
    }

    /** Returns the first point from the hash on. After the last point the ring starts again. */
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

/** Returns the indexes of servers whose weight is too small to get any key. */
export function withoutPlace(servers: readonly RingServer[]): number[] {
    if (servers.length < 2) return [];
    return [...hashCounts(servers).entries()].filter(([, count]) => count === 0).map(([index]) => index);
}

/** Returns the points of all servers in order, equal ones by label, and their owners. */
function layOut(servers: readonly RingServer[]): { points: Uint32Array; owners: Uint16Array } {
    const labels = servers.map(labelOf);
    const byLabel = [...servers.keys()].sort((a, b) => (labels[a]! < labels[b]! ? -1 : 1));
    const hashes = hashCounts(servers);
    const size = hashes.reduce((sum, count) => sum + count, 0) * POINTS_PER_HASH;
    // A number has a point and the rank of its owner. A Float64Array sorts without a comparator.
    const ring = new Float64Array(size);
    let filled = 0;
    byLabel.forEach((index, rank) => {
        for (let i = 0; i < hashes[index]!; i++) {
            const words = md5(`${labels[index]!}-${i}`);
            for (let w = 0; w < POINTS_PER_HASH; w++) ring[filled++] = (words[w]! >>> 0) * MAX_SERVERS + rank;
        }
    });
    ring.sort();
    const points = new Uint32Array(size);
    const owners = new Uint16Array(size);
    for (let i = 0; i < size; i++) {
        const point = Math.floor(ring[i]! / MAX_SERVERS);
        points[i] = point;
        owners[i] = byLabel[ring[i]! - point * MAX_SERVERS]!;
    }
    return { points, owners };
}

/** Uses libmemcached's formula, including its rounding in single precision. */
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
