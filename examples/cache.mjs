// The verbs of the cache, first those of ICache.
import { MemcachedCache } from 'pip-services4-memcached-node';
import { ConfigParams } from 'pip-services4-memcached-node/framework';

const { MEMCACHED_SERVICE_HOST = 'localhost', MEMCACHED_SERVICE_PORT = 11211 } = process.env;
const cache = new MemcachedCache();
cache.configure(
    ConfigParams.fromValue({
        connection: { host: MEMCACHED_SERVICE_HOST, port: MEMCACHED_SERVICE_PORT },
        options: { prefix: 'example-cache:', clear: true },
    }),
);
await cache.open('example'); // the context: a trace id, an IContext, or null

// Store a value for 30 s, read it, remove it. A miss is null.
await cache.store('example', 'user-42', { id: 42, name: 'Ann' }, 30_000);
console.log('user-42 is', await cache.retrieve('example', 'user-42'));
console.log('removed', await cache.remove('example', 'user-42'));
console.log('now it is', await cache.retrieve('example', 'user-42'));

// Many values in one round trip per server. The result has no entries for misses.
await cache.storeMany('example', { 'rate-eur': 1.1, 'rate-gbp': 1.3 }, 30_000);
console.log('rates', Object.fromEntries(await cache.retrieveMany('example', ['rate-eur', 'rate-gbp', 'rate-xyz'])));

// Changes that memcached makes atomically.
console.log('added', await cache.add('example', 'first', 'me'), await cache.add('example', 'first', 'me too'));
await cache.increment('example', 'visits', 1, { initial: 1 });
console.log('visits', await cache.increment('example', 'visits'));

// Read, change and write. Concurrent updates of a key run one after the other.
/** @param {string} name */
const greet = name =>
    cache.update('example', 'guests', (/** @type {string[] | null} */ guests) => [...(guests ?? []), name]);
await Promise.all([greet('Ann'), greet('Ben'), greet('Cid')]);
console.log('guests', (await cache.retrieve('example', 'guests')).sort().join(', '));

// Mistakes and faults are errors with a code, never misses.
await cache.retrieve('example', 'a key').catch(error => console.log(error.code));

await cache.clear('example'); // removes every value with this prefix
console.log('visits after clear', await cache.retrieve('example', 'visits'));
await cache.close('example');
