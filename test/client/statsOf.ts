import type { MemcachedClient, ServerStats } from 'pip-services4-memcached-node';

/** Returns the statistics of a client with one server. */
export function statsOf(client: MemcachedClient): ServerStats {
    const [stats, ...others] = client.getStats();
    expect(others).toEqual([]);
    return stats!;
}

/** Returns the difference of the counts. */
export function since(before: ServerStats, after: ServerStats): Partial<ServerStats> {
    const keys = ['calls', 'answered', 'failed', 'hits', 'misses', 'retries', 'connects'] as const;
    return Object.fromEntries(keys.map(key => [key, after[key] - before[key]]));
}

export const sum = (numbers: Readonly<Record<string, number>>) => Object.values(numbers).reduce((a, b) => a + b, 0);
