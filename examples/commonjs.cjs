// Plain JavaScript with require.
const { MemcachedCache } = require('pip-services4-memcached-node');
const { ConfigParams } = require('pip-services4-memcached-node/framework');

async function main() {
    const { MEMCACHED_SERVICE_HOST = 'localhost', MEMCACHED_SERVICE_PORT = 11211 } = process.env;
    const cache = new MemcachedCache();
    cache.configure(
        ConfigParams.fromValue({
            connection: { host: MEMCACHED_SERVICE_HOST, port: MEMCACHED_SERVICE_PORT },
            options: { prefix: 'example-commonjs:' },
        }),
    );
    await cache.open(null);
    try {
        await cache.store(null, 'greeting', 'Hello from CommonJS', 30_000);
        console.log(await cache.retrieve(null, 'greeting'));
    } finally {
        await cache.close(null);
    }
}

main();
