import { codeOf } from '../../support/codeOf';
import type { Verbs } from '.';

export const lockVerbs: Verbs = {
    'lock: acquire': async ({ lock, other, key }) => {
        const lease = await lock.acquireLease(null, key, 60_000, 0);
        expect(await other.tryAcquireLease(null, key, 60_000)).toBeNull();
        expect(await codeOf(other.acquireLease(null, key, 60_000, 1))).toBe('LOCK_TIMEOUT');
        await lease.release();
        const next = await other.acquireLease(null, key, 60_000, 0);
        expect(next.fencingToken).toBeGreaterThan(lease.fencingToken);
    },
    'lock: extend': async ({ lock, other, key }) => {
        const lease = await lock.acquireLease(null, key, 60_000, 0);
        expect(await lease.extend(60_000)).toBe(true);
        expect(await lease.extend(60_000)).toBe(true);
        expect(await other.tryAcquireLease(null, key, 60_000)).toBeNull();
        await lease.release();
    },
    'lock: release': async ({ lock, other, client, key }) => {
        const lost = await lock.acquireLease(null, key, 60_000, 0);
        await client.delete(key);
        const held = await other.acquireLease(null, key, 60_000, 0);
        expect(await lost.extend(60_000)).toBe(false);
        // A holder that has lost its lock must not release the lock of the next holder.
        await lost.release();
        expect(await held.extend(60_000)).toBe(true);
    },
    'lock: default options': async ({ openLock, key }) => {
        const lock = await openLock();
        expect(await lock.tryAcquireLock(null, key, 60_000)).toBe(true);
    },
    withLock: async ({ lock, other, key }) => {
        const isFree = () => other.tryAcquireLock(null, key, 60_000);
        expect(await lock.withLock(null, key, { ttl: 60_000, timeout: 0 }, isFree)).toBe(false);
        expect(await isFree()).toBe(true);
    },
};
