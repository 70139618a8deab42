import { useOpener, useServer } from '../support/Opener';
import { writeItem } from '../support/server/textProtocol';
import { SideBySide } from '../support/sideBySide';
import { sleep } from '../support/sleep';
import { storedIn } from './storedIn';

const server = useServer();
const open = useOpener();
const stored = storedIn(server);
const expired = new SideBySide();

/** Opens a lock that holds `open.key`, and a client that can change the stored value. */
async function heldLock() {
    const lock = await open.lock(server);
    await lock.acquireLock(null, open.key, 10_000, 0);
    return { lock, client: await open.client(server) };
}

describe('an owner', () => {
    expired.it('releases and extends no lock of the next owner when it is too late', async open => {
        const a = await open.lock(server);
        const b = await open.lock(server);
        expect(await a.tryAcquireLock(null, open.key, 1)).toBe(true);
        await b.acquireLock(null, open.key, 10_000, 5000);
        const token = await stored(open.key);

        expect(await a.extendLock(null, open.key, 10_000)).toBe(false);
        await a.releaseLock(null, open.key);
        expect(await stored(open.key)).toBe(token);
        expect(a.counts).toMatchObject({ acquired: 1, lost: 1, released: 0, extended: 0 });
        expect(open.logger.warnings.join()).not.toContain(token);
        expect(open.logger.warnings).toEqual([expect.stringContaining(`lost lock ${open.key} before the release`)]);

        await b.releaseLock(null, open.key);
        expect(await stored(open.key)).toBeNull();
    });

    expired.it('loses its lease to another task of its instance when it is too late', async open => {
        const lock = await open.lock(server);
        const first = (await lock.tryAcquireLease(null, open.key, 1))!;
        const second = await lock.acquireLease(null, open.key, 10_000, 5000);
        expect(second.fencingToken).toBeGreaterThan(first.fencingToken);
        await first.release();
        expect(await first.extend()).toBe(false);
        expect([first.isHeld(), second.isHeld()]).toEqual([false, true]);
        expect(await stored(open.key)).toBe(second.token);
        await second.release();
    });

    it('keeps a lease when other code calls releaseLock and extendLock for its key', async () => {
        const lock = await open.lock(server);
        const lease = (await lock.tryAcquireLease(null, open.key, 10_000))!;
        await lock.releaseLock(null, open.key);
        expect(await lock.extendLock(null, open.key, 10_000)).toBe(false);
        expect(await lease.extend()).toBe(true);
        await lease.release();
    });

    expired.it('stays registered when it replaces an expired owner in the same instance', async open => {
        const lock = await open.lock(server);
        await lock.acquireLock(null, open.key, 1, 0);
        await lock.acquireLock(null, open.key, 10_000, 5000);
        expect(await lock.extendLock(null, open.key, 20_000)).toBe(true);
        await lock.releaseLock(null, open.key);
        expect(await stored(open.key)).toBeNull();
    });

    it('keeps its lock when other clients read it or change its expiry', async () => {
        const { lock, client } = await heldLock();
        await client.touch(open.key, 100);
        await client.getAndTouch(open.key, 100);
        expect(await client.add(open.key, 'mine')).toBe(false);
        expect(await lock.extendLock(null, open.key, 10_000)).toBe(true);
        await lock.releaseLock(null, open.key);
        expect(await stored(open.key)).toBeNull();
    });

    it('does not delete a value that another client has stored over its lock', async () => {
        const { lock, client } = await heldLock();
        await client.set(open.key, 'something else');
        await lock.releaseLock(null, open.key);
        expect(await stored(open.key)).toBe('something else');
    });

    it('waits while another program holds the key', async () => {
        const lock = await open.lock(server);
        await writeItem(server, open.key, 'lock');
        expect(await lock.tryAcquireLock(null, open.key, 10_000)).toBe(false);
        const client = await open.client(server);
        const waiting = lock.acquireLock(null, open.key, 10_000, 10_000);
        while (lock.counts.busy < 3) await sleep(10);
        expect(await stored(open.key)).toBe('lock');
        await client.delete(open.key);
        await waiting;
        await lock.releaseLock(null, open.key);
        expect(await stored(open.key)).toBeNull();
    });

    it('holds 10,000 keys at once, and leaves no lock behind', async () => {
        const lock = await open.lock(server, { request_timeout: 5000 });
        const client = await open.client(server);
        const keys = Array.from({ length: 10_000 }, (_, i) => `many:${i}`);
        const taken = await Promise.all(keys.map(key => lock.tryAcquireLock(null, key, 60_000)));
        expect(taken.every(Boolean)).toBe(true);
        const again = await Promise.all(keys.map(key => lock.tryAcquireLock(null, key, 60_000)));
        expect(again.some(Boolean)).toBe(false);
        await Promise.all(keys.map(key => lock.releaseLock(null, key)));
        expect((await client.getMany(keys)).items.size).toBe(0);
        expect(lock.counts).toMatchObject({ acquired: 10_000, busy: 10_000, released: 10_000, lost: 0 });
    });
});
