import { ConfigParams, Descriptor, References } from 'pip-services4-components-node';
import { MemcachedCache } from '../../src/cache/MemcachedCache';
import { MemcachedConnection } from '../../src/connect/MemcachedConnection';
import { MemcachedLock } from '../../src/lock/MemcachedLock';
import { MemcachedProcess } from '../support/server/MemcachedProcess';

it('A lock and a cache share a connection, which a close of the lock leaves open', async () => {
    const server = await MemcachedProcess.start();
    const connection = new MemcachedConnection();
    connection.configure(ConfigParams.fromTuples('connection.host', server.host, 'connection.port', server.port));
    const lock = new MemcachedLock();
    lock.configure(ConfigParams.fromTuples('options.prefix', 'lock:'));
    const cache = new MemcachedCache();
    const references = References.fromTuples(
        new Descriptor('pip-services', 'connection', 'memcached', 'default', '1.0'),
        connection,
    );
    lock.setReferences(references);
    cache.setReferences(references);
    await connection.open(null);
    await lock.open(null);
    await cache.open(null);

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
    await lock.close(null);
    await cache.close(null);
    await connection.close(null);
    await server.end();
});
