/** Clears a prefix when its parent sends a message. Arguments: prefix, ports. */
import { MemcachedCache } from 'pip-services4-memcached-node';
import { configOf } from '../support/settings';

async function main(): Promise<void> {
    const [prefix, ...ports] = process.argv.slice(2);
    const cache = new MemcachedCache();
    const servers = ports.map(port => ({ port: Number(port) }));
    cache.configure(configOf(servers, { prefix, clear: true, request_timeout: 60_000 }));
    await cache.open(null);
    process.once('message', () => void cache.clear(null));
    process.send!('ready');
}

void main();
