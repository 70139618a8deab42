/** Increments a JSON counter by one update after another. Arguments: port, key, times. */
import { MemcachedCache } from 'pip-services4-memcached-node';
import { configOf } from '../support/settings';

async function main(): Promise<void> {
    const [port, key, times] = process.argv.slice(2) as [string, string, string];
    const cache = new MemcachedCache();
    cache.configure(configOf({ port: Number(port) }, { request_timeout: 10_000, update_timeout: 60_000 }));
    await cache.open(null);
    process.send!('ready');
    await new Promise<void>(resolve => process.once('message', () => resolve()));
    for (let i = 0; i < Number(times); i++) {
        await cache.update<{ n: number }>(null, key, value => ({ n: (value?.n ?? 0) + 1 }), 60_000);
    }
    await cache.close(null);
    process.disconnect();
}

void main();
