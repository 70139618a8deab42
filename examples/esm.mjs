// Plain JavaScript as an ES module.
import { MemcachedCache } from 'pip-services4-memcached-node';
import { ConfigParams } from 'pip-services4-memcached-node/framework';

const { MEMCACHED_SERVICE_HOST = 'localhost', MEMCACHED_SERVICE_PORT = 11211 } = process.env;
const cache = new MemcachedCache();
cache.configure(
    ConfigParams.fromValue({
        connection: { host: MEMCACHED_SERVICE_HOST, port: MEMCACHED_SERVICE_PORT },
        options: { prefix: 'example-esm:' },
    }),
);
await cache.open(null);
try {
    await cache.store(null, 'greeting', 'Hello from an ES module', 30_000);
    console.log(await cache.retrieve(null, 'greeting'));
} finally {
    await cache.close(null);
}
