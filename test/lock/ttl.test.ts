import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { readItem } from '../support/server/textProtocol';
import { storedIn } from './storedIn';

const DAY_MS = 24 * 3600 * 1000;

const server = useServer();
const open = useOpener();
const stored = storedIn(server);
/** Returns the remaining seconds that memcached reports. */
const ttlOf = async (key: string): Promise<number> => (await readItem(server, key))!.ttl;

describe('a ttl', () => {
    it.each([
        ['1 ms', 1, 3],
        ['half a ms', 0.5, 3],
        ['1 s', 1000, 3],
        ['1.001 s', 1001, 4],
        ['an hour', 3_600_000, 3602],
        ['29 days', 29 * DAY_MS, 29 * 86_400 + 2],
        ['30 days', 30 * DAY_MS, 30 * 86_400 + 2],
    ])('is stored for the full time of %s', async (_, ttl, seconds) => {
        const lock = await open.lock(server);
        expect(await lock.tryAcquireLock(null, open.key, ttl)).toBe(true);
        // The displayed ttl may differ by one second because memcached counts whole seconds.
        expect(Math.abs((await ttlOf(open.key)) - seconds)).toBeLessThanOrEqual(1);
        await lock.releaseLock(null, open.key);
    });

    it('is rejected, not shortened, above `max_expiration`', async () => {
        const lock = await open.lock(server);
        await expect(lock.tryAcquireLock('trace-1', open.key, 31 * DAY_MS)).rejects.toMatchObject({
            code: 'INVALID_TTL',
            status: 400,
            trace_id: 'trace-1',
        });
        const patient = await open.lock(server, { max_expiration: 32 * DAY_MS });
        expect(await patient.tryAcquireLock(null, open.key, 31 * DAY_MS)).toBe(true);
        expect(await patient.tryAcquireLock(null, open.key, 31 * DAY_MS)).toBe(false);
        expect(await patient.extendLock(null, open.key, 31 * DAY_MS)).toBe(true);
        expect(Math.abs((await ttlOf(open.key)) - 31 * 86_400 - 2)).toBeLessThan(2);
        await patient.releaseLock(null, open.key);
    });

    it('is rejected beyond the maximum time of memcached', async () => {
        const lock = await open.lock(server, { max_expiration: Number.MAX_SAFE_INTEGER });
        expect(await codeOf(lock.tryAcquireLock(null, open.key, 0xffffffff * 1000))).toBe('INVALID_TTL');
    });

    it.each([-1, -0.1, NaN, Infinity, -Infinity, '1000', {}, true, 10n])(
        'is rejected with INVALID_TTL as %p',
        async ttl => {
            const lock = await open.lock(server);
            const bad = ttl as number;
            expect(await codeOf(lock.tryAcquireLock(null, open.key, bad))).toBe('INVALID_TTL');
            expect(await codeOf(lock.acquireLock(null, open.key, bad, 0))).toBe('INVALID_TTL');
            expect(await codeOf(lock.withLock(null, open.key, { ttl: bad }, () => 'worked'))).toBe('INVALID_TTL');
            expect(await stored(open.key)).toBeNull();
            const lease = (await lock.tryAcquireLease(null, open.key, 1000))!;
            expect(await codeOf(lease.extend(bad))).toBe('INVALID_TTL');
            expect(lease.isHeld()).toBe(true);
            await lease.release();
        },
    );

    it.each([undefined, null, 0])('is `options.timeout` for %p', async ttl => {
        const lock = await open.lock(server, { timeout: 7000 });
        const lease = (await lock.tryAcquireLease(null, open.key, ttl))!;
        expect(lease.remaining()).toBeGreaterThan(5900);
        expect(lease.remaining()).toBeLessThanOrEqual(7000);
        await lease.release();
    });

    it('stays the same when extend gets no ttl', async () => {
        const lock = await open.lock(server);
        const lease = (await lock.tryAcquireLease(null, open.key, 5000))!;
        expect(await lease.extend(20_000)).toBe(true);
        expect(lease.remaining()).toBeGreaterThan(19_000);
        expect(await lease.extend(3000)).toBe(true);
        expect(lease.remaining()).toBeLessThanOrEqual(3000);
        expect(await lease.extend()).toBe(true);
        expect(lease.remaining()).toBeLessThanOrEqual(3000);
        await lease.release();
    });
});
