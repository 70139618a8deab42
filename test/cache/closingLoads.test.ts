import { Descriptor } from 'pip-services4-components-node';
import type { MemcachedCache, MemcachedConnection } from 'pip-services4-memcached-node';
import { timed } from '../support/LagMeter';
import { useOpener, useServer } from '../support/Opener';
import { readItem } from '../support/server/textProtocol';
import { heldLoader, loaderOf, never, notAsked } from './loaders';

const server = useServer();
const open = useOpener();

/** A connection, and a cache that shares it. */
async function openShared(): Promise<{ connection: MemcachedConnection; cache: MemcachedCache }> {
    const connection = open.connectionOf(server);
    await connection.open(null);
    const descriptor = new Descriptor('pip-services', 'connection', 'memcached', 'default', '1.0');
    const cache = await open.cache([], {}, open.logger.references(descriptor, connection));
    return { connection, cache };
}

describe('Closing a shared connection first', () => {
    it('leaves no lease behind, and lets those who wait have the value', async () => {
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

    it('aborts a load that no caller waits for', async () => {
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

    it('and opening it again leaves the cache usable', async () => {
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

    it('does not concern a cache that has left it', async () => {
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

it('Closing a cache while a loader runs logs nothing', async () => {
    const cache = await open.cache(server);
    const { called, load, finish } = heldLoader<string>();
    const asked = cache.retrieveOrLoad(null, open.key, 30_000, load);
    await called;
    await cache.close(null);
    finish('value');
    expect(await asked).toBe('value');
    await new Promise(setImmediate);
    expect(open.logger.lines).toEqual([]);
    expect(cache.getStats().unstored).toBe(0);
});
