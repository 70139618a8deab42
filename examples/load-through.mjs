// Load-through: what is not in the cache is loaded once, however many ask for it, in however many processes.
import { setTimeout as sleep } from 'node:timers/promises';
import { MemcachedCache } from 'pip-services4-memcached-node';
import { ConfigParams } from 'pip-services4-memcached-node/framework';

const { MEMCACHED_SERVICE_HOST = 'localhost', MEMCACHED_SERVICE_PORT = 11211 } = process.env;

async function openCache() {
    const cache = new MemcachedCache();
    cache.configure(
        ConfigParams.fromValue({
            connection: { host: MEMCACHED_SERVICE_HOST, port: MEMCACHED_SERVICE_PORT },
            options: { prefix: 'example-load:' },
        }),
    );
    await cache.open('example');
    return cache;
}

let loads = 0;
async function loadPrices() {
    loads++;
    await sleep(100); // a slow query
    return { EUR: 1.1, GBP: 1.3 };
}

// Two caches stand for two processes: a hundred ask at once, one loads, all get the value.
const caches = [await openCache(), await openCache()];
const asked = Array.from({ length: 100 }, (_, i) =>
    caches[i % 2].retrieveOrLoad('example', 'prices', 30_000, loadPrices),
);
const prices = await Promise.all(asked);
console.log('answers', prices.length, 'EUR', prices[99].EUR, 'loads', loads);

// From now on it is in the cache.
await caches[1].retrieveOrLoad('example', 'prices', 30_000, loadPrices);
console.log('loads', loads);

// What the loader throws is thrown to whoever asked, and not kept.
const failing = caches[0].retrieveOrLoad('example', 'broken', 30_000, () => Promise.reject(new Error('no database')));
await failing.catch(error => console.log(error.message));

await caches[0].remove('example', 'prices');
await Promise.all(caches.map(cache => cache.close('example')));
