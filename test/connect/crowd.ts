import type { MemcachedClient } from 'pip-services4-memcached-node';

/**
 * Stores large values. While a socket carries a large value, the pool opens another socket for the
 * next calls.
 */
export async function crowd(client: MemcachedClient): Promise<void> {
    const value = Buffer.alloc(500_000);
    for (let round = 0; round < 20; round++) {
        const calls = Array.from({ length: 4 }, (_, i) => client.set(`${i}`, value, { expires: 60 }));
        expect(await Promise.all(calls)).toEqual([true, true, true, true]);
    }
}
