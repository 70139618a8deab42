// A lock has one holder at a time, and only the holder can release it.
import { setTimeout as sleep } from 'node:timers/promises';
import { MemcachedLock } from 'pip-services4-memcached-node';
import { ConfigParams } from 'pip-services4-memcached-node/framework';

const { MEMCACHED_SERVICE_HOST = 'localhost', MEMCACHED_SERVICE_PORT = 11211 } = process.env;
const lock = new MemcachedLock();
lock.configure(
    ConfigParams.fromValue({
        connection: { host: MEMCACHED_SERVICE_HOST, port: MEMCACHED_SERVICE_PORT },
        options: { prefix: 'example-lock:', retry_timeout: 20 },
    }),
);
await lock.open('example');

// Three concurrent tasks run one after the other. The client renews the lock while a task runs, and
// releases it at the end.
let atWork = 0;
let most = 0;
async function work(signal, lease) {
    most = Math.max(most, ++atWork);
    await sleep(50, undefined, { signal }); // the signal aborts if the lock is lost
    atWork--;
    return lease.fencingToken;
}
const tokens = await Promise.all(
    [1, 2, 3].map(() => lock.withLock('example', 'invoice-17', { ttl: 10_000, timeout: 10_000 }, work)),
);
console.log('at work at a time:', most);
console.log('tokens all different:', new Set(tokens).size === 3);

// A lease spans several functions. Other callers meanwhile give up at once or wait, as they choose.
const lease = await lock.acquireLease('example', 'report', 10_000);
console.log('held:', lease.isHeld(), 'another gets:', await lock.tryAcquireLease('example', 'report', 10_000));
await lock.acquireLock('example', 'report', 10_000, 100).catch(error => console.log(error.code));
await lease.release();
console.log('held after release:', lease.isHeld());

// The methods of ILock, which every lock of Pip.Services has.
console.log('acquired:', await lock.tryAcquireLock('example', 'report', 10_000));
await lock.releaseLock('example', 'report');
await lock.close('example');
