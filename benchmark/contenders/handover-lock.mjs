import { locks } from '../handover/locks.mjs';

/** Opens a lock of the handover with its defaults, for acquisitions of free locks. */
export async function connect(port, { name }) {
    const lock = await locks[name].open(port);
    const releases = new Map();
    return {
        storedKey: locks[name].storedKey,
        async lock(key) {
            const release = await lock.acquire(key);
            await release();
            return true;
        },
        async acquire(key) {
            const release = await lock.tryAcquire(key);
            if (release !== null) releases.set(key, release);
            return release !== null;
        },
        release: key => releases.get(key)(),
        close: () => lock.close(),
    };
}
