import { Descriptor, References } from 'pip-services4-components-node';
import { MemcachedConnection } from 'pip-services4-memcached-node';
import { useOpener, useServer } from '../support/Opener';
import { configOf } from '../support/settings';

const server = useServer();
const open = useOpener();

it('shares a connection between a lock and a cache, and leaves it open when the lock closes', async () => {
    const connection = new MemcachedConnection();
    connection.configure(configOf(server));
    open.atEnd(() => connection.close(null));
    await connection.open(null);
    const references = References.fromTuples(
        new Descriptor('pip-services', 'connection', 'memcached', 'default', '1.0'),
        connection,
    );
    const lock = await open.lock([], { prefix: 'lock:' }, references);
    const cache = await open.cache([], {}, references);

    await cache.store(null, 'key', 'value');
    await lock.acquireLock(null, 'key', 10_000, 0);
    await lock.close(null);
    expect(lock.isOpen()).toBe(false);
    expect(await cache.retrieve(null, 'key')).toBe('value');
    await lock.open(null);
    await lock.releaseLock(null, 'key');
    expect(await cache.retrieve(null, 'lock:key')).toBeNull();
    expect(lock.counts).toMatchObject({ acquired: 1, released: 1, lost: 0 });

    lock.unsetReferences();
});
