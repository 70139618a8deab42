import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { RingServer } from '../../../../src/client/cluster/ketama/HashRing';
import { MemcachedClient } from 'pip-services4-memcached-node';
import { MemcachedProcess } from '../../../support/server/MemcachedProcess';

const PYTHON = '/usr/bin/python3';

/** Returns whether pylibmc is installed (Debian, Ubuntu: `apt-get install python3-pylibmc`). */
export function isLibmemcachedThere(): boolean {
    return spawnSync(PYTHON, ['-c', 'import pylibmc'], { stdio: 'ignore' }).status === 0;
}

/** Stores the keys on the servers that libmemcached chooses. */
export function storeByLibmemcached(servers: readonly RingServer[], keys: readonly string[]): void {
    const input = JSON.stringify({
        servers: servers.map(({ host, port, weight }) => `${host}:${port}:${weight}`),
        keys,
    });
    const { status, stderr } = spawnSync(PYTHON, [join(__dirname, 'libmemcached.py')], { input, encoding: 'utf8' });
    if (status !== 0) throw new Error(`libmemcached: ${stderr}`);
}

/**
 * Starts the servers and returns, for each key, the index of the server that libmemcached chooses.
 */
export async function placeByLibmemcached(servers: readonly RingServer[], keys: readonly string[]): Promise<number[]> {
    const processes = await Promise.all(servers.map(({ host, port }) => MemcachedProcess.start({ host, port })));
    try {
        storeByLibmemcached(servers, keys);
        const held = await Promise.all(processes.map(one => keysIn(one, keys)));
        return keys.map(key => {
            const places = held.flatMap((here, i) => (here.has(key) ? [i] : []));
            if (places.length !== 1) throw new Error(`${key} lies in ${places.length} servers`);
            return places[0]!;
        });
    } finally {
        await Promise.all(processes.map(one => one.end()));
    }
}

/** Returns the keys that a server has. */
export async function keysIn(
    { host, port }: { host: string; port: number },
    keys: readonly string[],
): Promise<Set<string>> {
    const client = new MemcachedClient([{ host, port }]);
    await client.open();
    const { items, failed } = await client.getMany(keys);
    await client.close();
    if (failed.size > 0) throw [...failed.values()][0]!;
    return new Set(items.keys());
}
