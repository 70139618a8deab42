import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HashRing, type RingServer } from '../../src/client/HashRing';

/** Where libmemcached 1.0.18 (pylibmc, `ketama_weighted`) put key:0, key:1, …: a digit for each, the server's place in the list. */
const recorded = JSON.parse(readFileSync(join(__dirname, 'placements.json'), 'utf8')) as {
    servers: RingServer[];
    placement: string;
}[];

const keys = Array.from({ length: 3000 }, (_, i) => `key:${i}`);
const owners = (servers: readonly RingServer[]) => {
    const ring = new HashRing(servers);
    return keys.map(key => servers[ring.find(key)]!);
};
const servers = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ host: `10.0.0.${i}`, port: 11211, weight: 1 }));

describe('HashRing', () => {
    it.each(recorded.map(one => [one.servers.map(({ weight }) => weight).join(' '), one] as const))(
        'places every key where libmemcached does, for servers of weights %s',
        (_, { servers, placement }) => {
            const ring = new HashRing(servers);
            expect(keys.map(key => ring.find(key)).join('')).toBe(placement);
        },
    );

    it('does not depend on the order of the servers', () => {
        const seven = servers(7);
        expect(owners([...seven].reverse())).toEqual(owners(seven));
    });

    it.each([-1, +1])('moves few keys when there is %d server of seven', change => {
        const before = owners(servers(7));
        const after = owners(servers(7 + change));
        const moved = keys.filter((_, i) => before[i]!.host !== after[i]!.host).length;
        expect(moved / keys.length).toBeLessThanOrEqual(1 / 7 + 0.03);
    });

    it('goes on around the ring to the first server that can be used, and moves no other key', () => {
        const five = servers(5);
        const ring = new HashRing(five);
        const gone = 2;
        for (const key of keys) {
            const home = ring.find(key);
            const now = ring.find(key, index => index !== gone);
            if (home === gone) expect(now).not.toBe(gone);
            else expect(now).toBe(home);
        }
        expect(
            new Set(keys.filter(key => ring.find(key) === gone).map(key => ring.find(key, i => i !== gone))).size,
        ).toBe(4);
    });

    it('stays at home when no server can be used', () => {
        const ring = new HashRing(servers(3));
        for (const key of keys) expect(ring.find(key, () => false)).toBe(ring.find(key));
    });
});
