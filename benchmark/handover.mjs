import { setTimeout as sleep } from 'node:timers/promises';

import { ConfigParams } from 'pip-services4-components-node';

import { MemcachedLock } from '../dist/index.js';
import { median } from './rounds.mjs';
import { startMemcached } from './server/memcached.mjs';

/**
 * 16 ask for one lock at once, each with a component of its own, as in 16 processes; each holds it for 5 ms, and when all have had it
 * they ask again. A wait is from asking until having it; an attempt is one ADD. Nobody queues: whose pause ends first after the release has it.
 */
const WAITERS = 16;
const HOLD_MS = 5;
const SECONDS = 5;
const KEY = 'bench:handover';

async function openLock(port, retryTimeout) {
    const lock = new MemcachedLock();
    const address = ['connection.host', '127.0.0.1', 'connection.port', port];
    lock.configure(ConfigParams.fromTuples(...address, 'options.retry_timeout', retryTimeout));
    await lock.open(null);
    return lock;
}

async function run(port, retryTimeout) {
    const locks = await Promise.all(Array.from({ length: WAITERS }, () => openLock(port, retryTimeout)));
    const waits = [];
    const gaps = [];
    let freeSince = NaN;
    const end = performance.now() + SECONDS * 1000;
    const waiter = async lock => {
        const begun = performance.now();
        await lock.acquireLock(null, KEY, 10_000, 60_000);
        const acquired = performance.now();
        waits.push(acquired - begun);
        gaps.push(acquired - freeSince);
        await sleep(HOLD_MS);
        await lock.releaseLock(null, KEY);
        freeSince = performance.now();
    };
    while (performance.now() < end) {
        freeSince = NaN;
        await Promise.all(locks.map(waiter));
    }
    const attempts = locks.reduce((sum, { counts }) => sum + counts.acquired + counts.busy, 0);
    console.log(
        `handover: retry_timeout ${retryTimeout} ms, ${WAITERS} waiters, held for ${HOLD_MS} ms: ` +
            `${waits.length} acquisitions in ${SECONDS} s, median wait ${median(waits).toFixed(0)} ms, ` +
            `free for ${median(gaps).toFixed(1)} ms between two holders, ${(attempts / waits.length).toFixed(1)} attempts per acquisition`,
    );
    await Promise.all(locks.map(lock => lock.close(null)));
}

const server = await startMemcached();
try {
    for (const retryTimeout of [20, 100]) await run(server.port, retryTimeout);
} finally {
    await server.stop();
}
