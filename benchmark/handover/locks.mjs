import { ConfigParams } from '../../dist/framework.js';

import { MemcachedLock } from '../../dist/index.js';

const KEY = 'bench:handover';
const TTL_MS = 10_000;
const TIMEOUT_MS = 60_000;

/**
 * The locks of the packages, each of which waits in its own way. `open(port, intervalMs)` resolves
 * to `{ acquire, close }`. `acquire` resolves to a function that releases the lock. `intervalMs` is
 * the mean pause between two tries, with a timeout that is long enough. Without `intervalMs` the
 * package has its defaults. `commands` are the commands that a client sends to Redis.
 */
export const locks = {
    ours: {
        label: 'MemcachedLock',
        store: 'memcached',
        async open(port, intervalMs) {
            const lock = new MemcachedLock();
            const interval = intervalMs === undefined ? [] : ['options.retry_timeout', intervalMs];
            const address = ['connection.host', '127.0.0.1', 'connection.port', port];
            lock.configure(ConfigParams.fromTuples(...address, ...interval));
            await lock.open(null);
            return {
                async acquire() {
                    const timeoutMs = intervalMs === undefined ? undefined : TIMEOUT_MS;
                    const lease = await lock.acquireLease(null, KEY, TTL_MS, timeoutMs);
                    return () => lease.release();
                },
                close: () => lock.close(null),
            };
        },
    },
    redlock: {
        label: 'redlock',
        store: 'redis',
        commands: ['eval', 'evalsha'],
        async open(port, intervalMs) {
            const { default: Redlock } = await import('redlock');
            const client = await redisClient(port);
            const patience = { retryDelay: intervalMs, retryJitter: intervalMs / 2, retryCount: -1 };
            const lock = new Redlock([client], intervalMs === undefined ? {} : patience);
            return {
                async acquire() {
                    const held = await lock.lock(KEY, TTL_MS);
                    return () => held.unlock();
                },
                close: () => client.quit(),
            };
        },
    },
    'redis-semaphore': {
        label: 'redis-semaphore',
        store: 'redis',
        commands: ['eval', 'evalsha', 'set'],
        async open(port, intervalMs) {
            const { Mutex } = await import('redis-semaphore');
            const client = await redisClient(port);
            const patience = { lockTimeout: TTL_MS, retryInterval: intervalMs, acquireTimeout: TIMEOUT_MS };
            return {
                async acquire() {
                    const mutex = new Mutex(client, KEY, intervalMs === undefined ? {} : patience);
                    await mutex.acquire();
                    return () => mutex.release();
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
