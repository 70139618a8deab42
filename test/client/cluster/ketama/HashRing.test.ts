import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HashRing, type RingServer } from '../../../../src/client/cluster/ketama/HashRing';
import { useOpener } from '../../../support/Opener';
import { isLibmemcachedThere, keysIn, placeByLibmemcached, storeByLibmemcached } from './libmemcached';

/**
 * The placement of key:0, key:1, … by libmemcached 1.0.18 (pylibmc, `ketama_weighted`). Each digit
 * is the index of a server in the list. This command records the placements again:
 *
 *     RECORD_PLACEMENTS=1 npx jest test/client/HashRing
 */
const file = join(__dirname, 'placements.json');
const recorded = JSON.parse(readFileSync(file, 'utf8')) as { servers: RingServer[]; placement: string }[];

const open = useOpener();
const keys = Array.from({ length: 3000 }, (_, i) => `key:${i}`);
const owners = (servers: readonly RingServer[]) => {
    const ring = new HashRing(servers);
    return keys.map(key => servers[ring.find(key)]!);
};
const servers = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ host: `10.0.0.${i}`, port: 11211, weight: 1 }));

if (process.env.RECORD_PLACEMENTS) {
    it('records the placements', async () => {
        const anew = [];
        for (const { servers } of recorded) {
            anew.push({ servers, placement: (await placeByLibmemcached(servers, keys)).join('') });
        }
        writeFileSync(file, `${JSON.stringify(anew, null, 2)}\n`);
    }, 60_000);
}

describe('HashRing', () => {
    it.each(recorded.map(one => [one.servers.map(({ weight }) => weight).join(' '), one] as const))(
        'places every key as libmemcached does, for servers of weights %s',
        (_, { servers, placement }) => {
            const ring = new HashRing(servers);
            expect(keys.map(key => ring.find(key)).join('')).toBe(placement);
        },
    );

    it.each([
        [1, 1, 1],
        [1, 2, 3, 1, 2, 3, 1],
    ])('places keys of any kind as libmemcached does, for servers of weights %s %s %s …', async (...weights) => {
        const processes = await Promise.all(weights.map(() => open.server()));
        const servers = weights.map((weight, i) => ({ host: '127.0.0.1', port: processes[i]!.port, weight }));
        const kinds = [
            ...keys,
            // These lengths lie at the borders of one MD5 block and of several blocks. The other
            // keys are not ASCII.
            ...[1, 54, 55, 56, 63, 64, 65, 119, 120, 183, 184, 249, 250].map(length => 'k'.repeat(length)),
            ...['ключ', 'schlüssel', '鍵', '🔑'],
        ];
        const client = await open.client(servers);
        if (isLibmemcachedThere()) storeByLibmemcached(servers, kinds);
        // Without libmemcached, the client stores the values, and the test compares the client with
        // its ring.
        else await client.setMany(kinds.map(key => [key, 'value']));

        const ring = new HashRing(servers);
        const held = await Promise.all(processes.map(one => keysIn(one, kinds)));
        expect(kinds.map(key => held.findIndex(here => here.has(key)))).toEqual(kinds.map(key => ring.find(key)));
        expect((await client.getMany(kinds)).items.size).toBe(kinds.length);
        expect((await Promise.all(kinds.map(key => client.get(key)))).every(({ value }) => value !== null)).toBe(true);
    });

    it('does not depend on the order of the servers', () => {
        const seven = servers(7);
        expect(owners([...seven].reverse())).toEqual(owners(seven));
        const mixed = [3, 0, 6, 2, 5, 1, 4].map(i => ({ ...seven[i]!, weight: i + 1 }));
        expect(owners(mixed)).toEqual(owners([...mixed].sort((a, b) => a.weight - b.weight)));
    });

    it.each([-1, +1])('moves few keys when the number of servers changes by %d from seven', change => {
        const before = owners(servers(7));
        const after = owners(servers(7 + change));
        const moved = keys.filter((_, i) => before[i]!.host !== after[i]!.host).length;
        expect(moved / keys.length).toBeLessThanOrEqual(1 / 7 + 0.03);
    });

    it('moves only the keys of a removed server, and moves keys only to a new server', () => {
        const before = owners(servers(7));
        const less = owners(servers(6));
        const more = owners(servers(8));
        for (const [i, { host }] of before.entries()) {
            if (host !== '10.0.0.6') expect(less[i]!.host).toBe(host);
            if (more[i]!.host !== '10.0.0.7') expect(more[i]!.host).toBe(host);
        }
    });

    it('returns the same server for a key on every lookup, with other lookups in between', () => {
        const ring = new HashRing(servers(5));
        const first = keys.map(key => ring.find(key));
        for (let round = 0; round < 20; round++) {
            for (let i = 0; i < 5000; i++) ring.find(`other:${round}:${i}`);
            expect(keys.map(key => ring.find(key))).toEqual(first);
        }
    });

    it('skips to the next usable server on the ring, and moves no other key', () => {
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

    it('returns the home server when no server is usable', () => {
        const ring = new HashRing(servers(3));
        for (const key of keys) expect(ring.find(key, () => false)).toBe(ring.find(key));
        let looks = 0;
        ring.find('key', () => ++looks < 0);
        // The ring checks each server once, not each point.
        expect(looks).toBeLessThan(10);
    });
});
