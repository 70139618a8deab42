import type { MemcachedClient, ServerAddress } from 'pip-services4-memcached-node';
import type { Fleet } from '../support/Fleet';

/** Enough keys for every server to own some. */
export const keys = Array.from({ length: 200 }, (_, i) => `key:${i}`);

export const at = ({ port }: { port: number }, more: Partial<ServerAddress> = {}): ServerAddress => {
    return { host: '127.0.0.1', port, ...more };
};

export const named = ({ port }: { port: number }) => `127.0.0.1:${port}`;

/** Returns the addresses of all proxies. */
export const all = ({ proxies }: Fleet): ServerAddress[] => proxies.map(proxy => at(proxy));

export const storeAll = (client: MemcachedClient) => Promise.all(keys.map(key => client.set(key, key)));

/** Returns a key that this server owns. */
export const keyOf = (client: MemcachedClient, { port }: { port: number }) =>
    keys.find(key => client.homeServer(key).port === port)!;

/** Waits for this many passes of the event loop. */
export const turns = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await new Promise(resolve => setImmediate(resolve));
};
