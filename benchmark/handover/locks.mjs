const TTL_MS = 10_000;
const TIMEOUT_MS = 60_000;

/**
 * The locks of the packages, each of which waits in its own way. `open(port, intervalMs)` resolves
 * to an object with
 *
 * - `acquire(key)`, which waits for the lock, and `tryAcquire(key)`, which asks once: both resolve to
 *   a function that releases the lock, `tryAcquire` also to null
 * - `close()`
 *
 * `intervalMs` is the mean pause between two tries, or the longest one of `ours`, with a timeout that is long enough. Without
 * `intervalMs` the package has its defaults. `commands` are the commands that a client sends to
 * Redis. `storedKey` is the key in the server.
 */
export const locks = {
    ours: {
        label: 'MemcachedLock',
        store: 'memcached',
        storedKey: key => key,
        async open(port, intervalMs) {
            const { MemcachedLock } = await import('../../dist/index.js');
            const { ConfigParams } = await import('../../dist/framework.js');
            const lock = new MemcachedLock();
            const interval = intervalMs === undefined ? [] : ['options.retry_timeout', intervalMs];
            const address = ['connection.host', '127.0.0.1', 'connection.port', port];
            lock.configure(ConfigParams.fromTuples(...address, ...interval));
            await lock.open(null);
            const timeoutMs = intervalMs === undefined ? undefined : TIMEOUT_MS;
            const releaseOf = lease => lease && (() => lease.release());
            return {
                acquire: async key => releaseOf(await lock.acquireLease(null, key, TTL_MS, timeoutMs)),
                tryAcquire: async key => releaseOf(await lock.tryAcquireLease(null, key, TTL_MS)),
                close: () => lock.close(null),
            };
        },
    },
    redlock: {
        label: 'redlock',
        store: 'redis',
        commands: ['eval', 'evalsha'],
        storedKey: key => key,
        async open(port, intervalMs) {
            const { default: Redlock } = await import('redlock');
            const client = await redisClient(port);
            const patience = { retryDelay: intervalMs, retryJitter: intervalMs / 2, retryCount: -1 };
            const lock = new Redlock([client], intervalMs === undefined ? {} : patience);
            const once = new Redlock([client], { retryCount: 0 });
            const acquire = async (redlock, key) => {
                const held = await redlock.lock(key, TTL_MS);
                return () => held.unlock();
            };
            return {
                acquire: key => acquire(lock, key),
                tryAcquire: key =>
                    acquire(once, key).catch(error => {
                        if (error instanceof Redlock.LockError) return null;
                        throw error;
                    }),
                close: () => client.quit(),
            };
        },
    },
    'redis-semaphore': {
        label: 'redis-semaphore',
        store: 'redis',
        commands: ['eval', 'evalsha', 'set'],
        storedKey: key => `mutex:${key}`,
        async open(port, intervalMs) {
            const { Mutex } = await import('redis-semaphore');
            const client = await redisClient(port);
            const patience = { lockTimeout: TTL_MS, retryInterval: intervalMs, acquireTimeout: TIMEOUT_MS };
            const mutexOf = key => new Mutex(client, key, intervalMs === undefined ? {} : patience);
            return {
                async acquire(key) {
                    const mutex = mutexOf(key);
                    await mutex.acquire();
                    return () => mutex.release();
                },
                async tryAcquire(key) {
                    const mutex = mutexOf(key);
                    return (await mutex.tryAcquire()) ? () => mutex.release() : null;
                },
                close: () => client.quit(),
            };
        },
    },
};

async function redisClient(port) {
    const { Redis } = await import('ioredis');
    const client = new Redis(port, '127.0.0.1');
    await client.ping();
    return client;
}
