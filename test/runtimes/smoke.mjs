// Checks the features that must work on every runtime with the modules of Node. The command `npm
// run test:runtimes` runs this program in a project that has installed the package. The process
// must exit by itself.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { MemcachedCache, MemcachedClient, MemcachedLock } from 'pip-services4-memcached-node';
import { BadRequestException, ConfigParams } from 'pip-services4-memcached-node/framework';

const { MEMCACHED_SERVICE_HOST: host = '127.0.0.1', MEMCACHED_SERVICE_PORT = '11211' } = process.env;
const port = Number(MEMCACHED_SERVICE_PORT);
const config = ConfigParams.fromTuples(
    ...['connection.host', host, 'connection.port', port],
    ...['options.prefix', `smoke-${process.pid}:`, 'options.clear', true],
    ...['options.compress_min', 1000, 'options.max_size', 5000],
);
const TTL = 10_000;

const cache = new MemcachedCache();
cache.configure(config);
await cache.open(null);

await cache.store(null, 'ann', { age: 42 }, TTL);
assert.deepEqual(await cache.retrieve(null, 'ann'), { age: 42 });
await cache.remove(null, 'ann');
assert.equal(await cache.retrieve(null, 'ann'), null);

// Even compressed, the value needs more than one read of the socket.
const large = Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 65537).join();
await cache.store(null, 'large', large, TTL);
assert.equal(await cache.retrieve(null, 'large'), large);

let loads = 0;
const load = async () => ++loads;
const loaded = await Promise.all([1, 2, 3].map(() => cache.retrieveOrLoad(null, 'loaded', TTL, load)));
assert.deepEqual(loaded, [1, 1, 1]);

await cache.storeMany(null, { a: 1, b: 2 }, TTL);
assert.deepEqual(Object.fromEntries(await cache.retrieveMany(null, ['a', 'b', 'c'])), { a: 1, b: 2 });

assert.equal(await cache.increment(null, 'count', 5, { initial: 1, timeout: TTL }), 1);
assert.equal(await cache.increment(null, 'count', 5), 6);

const keys = Array.from({ length: 2000 }, (_, i) => `key-${i}`);
await Promise.all(keys.map(key => cache.store(null, key, key, TTL)));
assert.deepEqual(await Promise.all(keys.map(key => cache.retrieve(null, key))), keys);

const refused = await cache.store(null, 'white space', 1, TTL).catch(error => error);
assert.ok(refused instanceof BadRequestException);
assert.equal(refused.code, 'INVALID_KEY');

await cache.clear(null);
assert.equal(await cache.retrieve(null, 'a'), null);
await cache.close(null);
assert.equal(await codeOf(cache.retrieve(null, 'a')), 'NOT_OPENED');

const lock = new MemcachedLock();
lock.configure(config);
await lock.open(null);
await lock.acquireLock(null, 'lock', TTL, 1000);
assert.equal(await lock.tryAcquireLock(null, 'lock', TTL), false);
assert.equal(await codeOf(lock.acquireLock(null, 'lock', TTL, 100)), 'LOCK_TIMEOUT');
await lock.releaseLock(null, 'lock');
assert.equal(await lock.withLock(null, 'lock', { ttl: TTL, timeout: 1000 }, async () => 'done'), 'done');
await lock.close(null);

assert.equal(await codeOfBroken(socket => socket.pause()), 'TIMEOUT');
assert.equal(await codeOfBroken(socket => socket.end()), 'CONNECTION_LOST');
assert.equal(await codeOfBroken(socket => socket.resetAndDestroy()), 'CONNECTION_LOST');

/**
 * Returns the error code of a call whose server breaks the connection after reading it.
 * @param {(socket: import('node:net').Socket) => void} breakIt
 */
async function codeOfBroken(breakIt) {
    const proxy = createServer(socket => {
        const server = connect(port, host);
        server.on('data', reply => socket.write(reply)).on('error', () => {});
        socket.on('close', () => server.destroy()).on('error', () => {});
        // The first request belongs to `open`.
        socket.once('data', request => {
            server.write(request);
            socket.on('data', () => breakIt(socket));
        });
    });
    await once(proxy.listen(0, '127.0.0.1'), 'listening');
    const address = /** @type {import('node:net').AddressInfo} */ (proxy.address());
    const options = { requestTimeoutMs: 500, retries: 0 };
    const client = new MemcachedClient([{ host: address.address, port: address.port }], options);
    try {
        await client.open();
        return await codeOf(client.set('key', 'value'));
    } finally {
        await client.close();
        proxy.close();
    }
}

/** @param {Promise<unknown>} promise */
function codeOf(promise) {
    return promise.then(
        () => 'answered',
        error => error.code,
    );
}
