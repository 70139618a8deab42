import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { sleep } from '../support/sleep';
import { storedIn } from './storedIn';

const server = useServer();
const open = useOpener();
const stored = storedIn(server);

describe('a lease', () => {
    it('counts on a slightly shorter ttl than the server', async () => {
        const lock = await open.lock(server);
        const client = await open.client(server);
        const lease = await lock.acquireLease(null, open.key, 10_000, 0);
        expect(lease).toMatchObject({ key: open.key, token: await stored(open.key) });
        expect(lease.fencingToken).toBe((await client.gets(open.key)).cas);
        expect(lease.isHeld()).toBe(true);
        expect(lease.remaining()).toBeGreaterThan(9000);
        expect(lease.remaining()).toBeLessThanOrEqual(9900);
        await lease.release();
        expect([lease.isHeld(), lease.remaining()]).toEqual([false, 0]);
        expect(await stored(open.key)).toBeNull();
        await lease.release();
        expect(await lease.extend()).toBe(false);
        expect(await stored(open.key)).toBeNull();
    });

    it('is not held after its ttl, while the server still stores it', async () => {
        const lock = await open.lock(server);
        const lease = await lock.acquireLease(null, open.key, 200, 0);
        await sleep(200);
        expect(lease.isHeld()).toBe(false);
        expect(await stored(open.key)).toBe(lease.token);
        // The key has had no other holder since, so an extension restores the lease.
        expect(await lease.extend(10_000)).toBe(true);
        expect(lease.isHeld()).toBe(true);
        await lease.release();
    });

    it.each([
        ['the monotonic clock', performance],
        ['the system clock, which includes suspension', Date],
    ] as [string, { now(): number }][])('is not held after its ttl by %s', async (_, clock) => {
        const lock = await open.lock(server);
        const lease = await lock.acquireLease(null, open.key, 10_000, 0);
        const now = clock.now.bind(clock);
        const spy = jest.spyOn(clock, 'now').mockImplementation(() => now() + 9000);
        expect(lease.isHeld()).toBe(true);
        spy.mockImplementation(() => now() + 9901);
        expect(lease.isHeld()).toBe(false);
        spy.mockRestore();
        await lease.release();
    });

    it('is not held for longer when the system clock goes back', async () => {
        const lock = await open.lock(server);
        const lease = await lock.acquireLease(null, open.key, 150, 0);
        const spy = jest.spyOn(Date, 'now').mockReturnValue(Date.now() - 3_600_000);
        await sleep(200);
        expect(lease.isHeld()).toBe(false);
        spy.mockRestore();
        await lease.release();
    });

    it.each(['extend', 'release'] as const)('has an effective %s after its idle connection has closed', async verb => {
        const lock = await open.lock(server, { idle: 20 });
        const lease = await lock.acquireLease(null, open.key, 10_000, 0);
        await sleep(100);
        await lease[verb]();
        expect(lease.isHeld()).toBe(verb === 'extend');
        await sleep(100);
        await lease.release();
        expect(await stored(open.key)).toBeNull();
        expect(lock.counts).toMatchObject({ released: 1, lost: 0 });
    });

    it('is released at the end of its block', async () => {
        const lock = await open.lock(server);
        const lease = await lock.acquireLease(null, open.key, 10_000, 0);
        await lease[Symbol.asyncDispose]();
        expect(await stored(open.key)).toBeNull();
    });

    it('runs concurrent extensions and releases one after another', async () => {
        const lock = await open.lock(server);
        const lease = await lock.acquireLease(null, open.key, 10_000, 0);
        expect(await Promise.all([lease.extend(), lease.extend(20_000), lease.extend(), lease.extend(5000)])).toEqual([
            true,
            true,
            true,
            true,
        ]);
        const extending = lease.extend();
        const releasing = [lease.release(), lease.release()];
        expect(lease.isHeld()).toBe(false);
        expect(await extending).toBe(false);
        await Promise.all(releasing);
        expect(await lease.extend()).toBe(false);
        expect(await stored(open.key)).toBeNull();
        expect(lock.counts).toMatchObject({ released: 1, lost: 0 });
    });

    it('is released after an extension that fails', async () => {
        const lock = await open.lock(server);
        const lease = await lock.acquireLease(null, open.key, 10_000, 0);
        const extending = codeOf(lease.extend(-1));
        await lease.release();
        expect(await extending).toBe('INVALID_TTL');
        expect(await stored(open.key)).toBeNull();
    });

    it('has a fencing token that rises from holder to holder, even with extensions in between', async () => {
        const lock = await open.lock(server);
        let last = 0n;
        for (let i = 0; i < 50; i++) {
            const lease = await lock.acquireLease(null, open.key, 10_000, 0);
            expect(lease.fencingToken).toBeGreaterThan(last);
            last = lease.fencingToken;
            await lease.extend();
            expect(lease.fencingToken).toBe(last);
            await lease.release();
        }
    });
});
