import { MemoryLock } from 'pip-services4-logic-node';
import type { MemcachedLock } from 'pip-services4-memcached-node';
import { testLock } from '../support/LockFixture';
import { useOpener, useServer } from '../support/Opener';

describe('MemcachedLock as an ILock', () => {
    const server = useServer();
    const open = useOpener();
    let one: MemcachedLock;
    let two: MemcachedLock;
    beforeEach(async () => {
        one = await open.lock(server, { retry_timeout: 50 });
        two = await open.lock(server, { retry_timeout: 50 });
    });
    testLock(() => one, { other: () => two, lateMs: 2500 });
});

describe('MemoryLock as an ILock', () => {
    const lock = new MemoryLock();
    testLock(() => lock);
});
