// Load-through. The cache loads a missing value once for any number of callers in all processes.
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

// Two caches stand for two processes. A hundred callers request the value at once. One load runs,
// and all get its value.
const caches = [await openCache(), await openCache()];
const asked = Array.from({ length: 100 }, (_, i) =>
    caches[i % 2].retrieveOrLoad('example', 'prices', 30_000, loadPrices),
);
const prices = await Promise.all(asked);
console.log('answers', prices.length, 'EUR', prices[99].EUR, 'loads', loads);

// From now on the value is in the cache.
await caches[1].retrieveOrLoad('example', 'prices', 30_000, loadPrices);
console.log('loads', loads);

// If the loader fails, its callers get the error. The cache does not keep errors.
const failing = caches[0].retrieveOrLoad('example', 'broken', 30_000, () => Promise.reject(new Error('no database')));
await failing.catch(error => console.log(error.message));

await caches[0].remove('example', 'prices');
await Promise.all(caches.map(cache => cache.close('example')));
