import { Descriptor } from 'pip-services4-components-node';
import type { MemcachedCache, MemcachedConnection } from 'pip-services4-memcached-node';
import { timed } from '../support/LagMeter';
import { useOpener, useServer } from '../support/Opener';
import { holding, passing } from '../support/proxy/FaultProxy';
import { readItem } from '../support/server/textProtocol';
import type { Server } from '../support/settings';
import { heldLoader, loaderOf, never, notAsked } from './loaders';

const server = useServer();
const open = useOpener();

/** Opens a connection and a cache that shares it. */
async function openShared(): Promise<{ connection: MemcachedConnection; cache: MemcachedCache }> {
    const connection = open.connectionOf(server);
    await connection.open(null);
    const descriptor = new Descriptor('pip-services', 'connection', 'memcached', 'default', '1.0');
    const cache = await open.cache([], {}, open.logger.references(descriptor, connection));
    return { connection, cache };
}

describe('closing a shared connection before its cache', () => {
    it('leaves no lease behind, and gives pending callers the value', async () => {
        const { connection, cache } = await openShared();
        const other = await open.cache(server);
        const { called, load, finish } = heldLoader<string>();
        const asked = cache.retrieveOrLoad(null, open.key, 30_000, load);
        await called;
        await connection.close(null);
        expect(await readItem(server, open.key)).toBeNull();
        expect(await timed(() => other.retrieveOrLoad(null, open.key, 30_000, () => 'of the other'))).toBeLessThan(
            1500,
        );
        finish('value');
        expect(await asked).toBe('value');
        await cache.close(null);
        expect(open.logger.warnings).toEqual([]);
    });

    it('aborts a load without a waiting caller', async () => {
        const { connection, cache } = await openShared();
        const options = { staleFor: 60_000, jitter: 0 };
        await cache.retrieveOrLoad(null, open.key, 1, () => 'stale', options);
        let signal: AbortSignal | null = null;
        const load = (given: AbortSignal) => {
            signal = given;
            return never();
        };
        while (signal === null) await cache.retrieveOrLoad(null, open.key, 30_000, load, options);
        await connection.close(null);
        expect((signal as AbortSignal).aborted).toBe(true);
        expect(await readItem(server, open.key)).toMatchObject({ flags: 0x5053_0004 });
    });

    it('leaves the cache usable once the connection opens again', async () => {
        const { connection, cache } = await openShared();
        const loader = loaderOf('value', 50);
        const asked = cache.retrieveOrLoad(null, open.key, 30_000, loader.load);
        await loader.called;
        const closing = connection.close(null);
        await connection.open(null);
        await closing;
        expect(await asked).toBe('value');
        expect([connection.isOpen(), cache.isOpen()]).toEqual([true, true]);
        expect(await cache.retrieveOrLoad(null, `${open.key}x`, 30_000, () => 'later')).toBe('later');
        expect(await cache.retrieveOrLoad(null, `${open.key}x`, 30_000, notAsked)).toBe('later');
    });

    it('does not affect a cache that is already closed', async () => {
        const { connection, cache } = await openShared();
        const { called, load, finish } = heldLoader<string>();
        const asked = cache.retrieveOrLoad(null, open.key, 30_000, load);
        await called;
        await cache.close(null);
        await connection.close(null);
        finish('value');
        expect(await asked).toBe('value');
    });
});

it('logs no line when a cache closes while a loader runs', async () => {
    const cache = await open.cache(server);
    const { called, load, finish } = heldLoader<string>();
    const asked = cache.retrieveOrLoad(null, open.key, 30_000, load);
    await called;
    await cache.close(null);
    finish('value');
    expect(await asked).toBe('value');
    await new Promise(setImmediate);
    expect(open.logger.lines).toEqual([]);
    expect(cache.getStats().storeFailures).toBe(0);
});

describe('a load that begins while the cache closes', () => {
    const openTwo = async () => {
        const [one, two] = await Promise.all([open.server(), open.server()]);
        const proxy = await open.faultProxy(one);
        const cache = await open.cache([proxy, two], { request_timeout: 5000, compress_min: 100 });
        const keyOn = async (server: Required<Server>): Promise<string> => {
            for (let i = 0; ; i++) {
                await cache.store(null, `key${i}`, 1);
                const isThere = (await readItem(server, `key${i}`)) !== null;
                await cache.remove(null, `key${i}`);
                if (isThere) return `key${i}`;
            }
        };
        return { one, two, proxy, cache, first: await keyOn(one), second: await keyOn(two) };
    };

    it.each([1, 2])('leaves no lease behind, while %d close(s) wait for the release of another lease', async closes => {
        const { one, two, proxy, cache, first, second } = await openTwo();
        const loaders = [heldLoader<string>(), heldLoader<string>()] as const;
        const asked = [cache.retrieveOrLoad(null, first, 30_000, loaders[0].load)];
        await loaders[0].called;
        proxy.begin(holding);
        const closing = Array.from({ length: closes }, () => cache.close(null));
        await new Promise(setImmediate);
        asked.push(cache.retrieveOrLoad(null, second, 30_000, loaders[1].load));
        await loaders[1].called;
        proxy.begin(passing);
        await Promise.all(closing);
        expect(await Promise.all([readItem(one, first), readItem(two, second)])).toEqual([null, null]);
        for (const { finish } of loaders) finish('value');
        expect(await Promise.all(asked)).toEqual(['value', 'value']);
    });

    it('leaves no lease behind, while the close waits for a compressed value', async () => {
        const { two, cache, first, second } = await openTwo();
        // This value compresses for many ms.
        const storing = cache.store(null, first, 'x'.repeat(2e7), 30_000);
        const closing = cache.close(null);
        const { called, load, finish } = heldLoader<string>();
        const asked = cache.retrieveOrLoad(null, second, 30_000, load);
        await called;
        await Promise.all([closing, storing]);
        expect(await readItem(two, second)).toBeNull();
        finish('value');
        expect(await asked).toBe('value');
        expect(cache.getStats().storeFailures).toBe(0);
    });
});
