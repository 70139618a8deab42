// Several servers. Each key lives on one of them, and all processes with the same list agree on it.
import { MemcachedCache, MemcachedConnection } from 'pip-services4-memcached-node';
import { ConfigParams, Descriptor, References } from 'pip-services4-memcached-node/framework';

const { MEMCACHED_SERVERS = 'localhost:11211,localhost:11212' } = process.env;

// All components of the service share this connection. They find it by its descriptor, and do not
// open or close it.
const connection = new MemcachedConnection();
connection.configure(
    ConfigParams.fromValue({
        connection: { uri: `memcached://${MEMCACHED_SERVERS}` },
        // While a server is down, its keys go to the next server, as misses at first. When it is up
        // again, its old values return until they expire. Use this for caches only.
        options: { remove: true, failures: 2 },
    }),
);
const locator = new Descriptor('pip-services', 'connection', 'memcached', 'default', '1.0');
const cache = new MemcachedCache();
cache.configure(ConfigParams.fromValue({ options: { prefix: 'example-several:' } }));
cache.setReferences(References.fromTuples(locator, connection));
await connection.open('example');
await cache.open('example');

const keys = Array.from({ length: 100 }, (_, i) => `key-${i}`);
const values = Object.fromEntries(keys.map(key => [key, `value of ${key}`]));
await cache.storeMany('example', values, 30_000);
console.log('found', (await cache.retrieveMany('example', keys)).size, 'of', keys.length);

// Ask the servers themselves which of them holds each key.
const servers = await connection.getClient().stats();
for (const stats of servers.values()) {
    if (stats instanceof Error) throw stats;
    console.log('a server has', Number(stats.curr_items) > 0 ? 'some' : 'none', 'of them');
}
await cache.removeMany('example', keys);
await cache.close('example');
await connection.close('example');
