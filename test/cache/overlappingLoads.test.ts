import type { MemcachedCache } from 'pip-services4-memcached-node';
import { useOpener, useServer } from '../support/Opener';
import type { Link } from '../support/proxy/FaultProxy';
import { passing } from '../support/proxy/FaultProxy';
import { heldLoader } from './loaders';

const server = useServer();
const open = useOpener();
const LARGE = Buffer.alloc(100_000);

type Write = (cache: MemcachedCache, key: string) => Promise<unknown>;

describe('a load that begins while a write is on its way on another connection', () => {
    it.each<[string, Write, string]>([
        ['store', (cache, key) => cache.store(null, key, 'stored', 30_000), 'stored'],
        ['storeMany', (cache, key) => cache.storeMany(null, { [key]: 'stored' }, 30_000), 'stored'],
        ['remove', (cache, key) => cache.remove(null, key), 'loaded again'],
        ['removeMany', (cache, key) => cache.removeMany(null, [key]), 'loaded again'],
    ])('gives its value to no caller after the write: %s', async (_, write, expected) => {
        const proxy = await open.faultProxy(server);
        const cache = await open.cache(proxy, { pool_size: 2, request_timeout: 10_000 });
        const storeLarge = (): Promise<unknown> => cache.store(null, 'large', LARGE, 30_000);
        const fillPool = (): Promise<unknown> => Promise.all([storeLarge(), storeLarge(), storeLarge()]);
        // Both connections have answered their handshakes when both carry values.
        const busy = new Set<Link>();
        proxy.begin({
            request(link, chunk) {
                if (chunk.length > 10_000) busy.add(link);
                link.toServer(chunk);
            },
        });
        while (busy.size < 2) await fillPool();
        let slow: Link | null = null;
        const waiting: Buffer[] = [];
        proxy.begin({
            request(link, chunk) {
                slow ??= link;
                if (link === slow) waiting.push(chunk);
                else link.toServer(chunk);
            },
        });
        // The large value makes the next call use the other connection.
        const writing = Promise.all([write(cache, open.key), storeLarge()]);
        await new Promise(setImmediate);
        const { called, load, finish } = heldLoader<string>();
        const early = cache.retrieveOrLoad(null, open.key, 30_000, load);
        await called;
        proxy.begin(passing);
        for (const chunk of waiting) slow!.toServer(chunk);
        await writing;
        const late = cache.retrieveOrLoad(null, open.key, 30_000, () => 'loaded again');
        expect(await late).toBe(expected);
        finish('loaded before the write');
        expect(await early).toBe('loaded before the write');
        expect(await cache.retrieve(null, open.key)).toBe(expected);
    });
});
