import { freshOrNull, keptForMs, staleOrNull } from '../../../src/cache/values/staleEnvelope';
import { LEASE_TIMES, LoadLease } from '../../../src/cache/load/LoadLease';
import { failuresOf, isLeased, isPaused } from '../../../src/cache/values/loadMarks';
import type { Commands } from '../../../src/client/Commands';
import { LeasedKey } from '../LeasedKey';

const LEASE_MS = LEASE_TIMES.seconds * 1000;
const KEPT_MS = 600_000;

let key: LeasedKey;

async function take(): Promise<LoadLease> {
    const lease = await LoadLease.take(key.commands as unknown as Commands, LEASE_TIMES, 'key', key.item, 1);
    return lease as LoadLease;
}

/** Takes the lease, and releases it as a failed load does. */
async function fail(): Promise<void> {
    await (await take()).release(true);
}

beforeEach(() => {
    jest.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
    key = new LeasedKey();
    key.keep('"old"', KEPT_MS);
});

afterEach(() => jest.useRealTimers());

describe('a lease in a stale value', () => {
    it('keeps the expiry of the value when a load takes, renews and releases it', async () => {
        const lease = await take();
        await jest.advanceTimersByTimeAsync(100_000);
        await lease.release();
        const expiries = key.leases.map(({ expires }) => expires);
        expect(expiries.length).toBeGreaterThan(100);
        expect(expiries[0]).toBe(KEPT_MS / 1000);
        expect(expiries.at(-1)).toBe((KEPT_MS - 100_000) / 1000);
        expect(keptForMs(key.item)).toBe(KEPT_MS - 100_000);
    });

    it('is alive while the holder renews it, and leaves the value to callers with staleFor', async () => {
        const lease = await take();
        await jest.advanceTimersByTimeAsync(100_000);
        expect(isLeased(key.item, LEASE_MS)).toBe(true);
        expect(freshOrNull(key.item)).toBeNull();
        expect(String(staleOrNull(key.item, KEPT_MS)!.value)).toBe('"old"');
        await lease.release();
        expect(isLeased(key.item, LEASE_MS)).toBe(false);
    });

    it('does not come back after the release of the next holder', async () => {
        key.lease(key.item);
        jest.advanceTimersByTime(60_000);
        const lease = await take();
        await lease.release();
        expect(isLeased(key.item, LEASE_MS)).toBe(false);
        jest.setSystemTime(Date.now() - 60_000);
        expect(isLeased(key.item, LEASE_MS)).toBe(false);
    });
});

describe('a failed load', () => {
    it('pauses for a second, doubled after each further failure, up to 30 seconds', async () => {
        const pauses: number[] = [];
        for (let i = 0; i < 7; i++) {
            await fail();
            const begun = Date.now();
            while (isPaused(key.item, LEASE_TIMES.failurePause.maxMs)) jest.setSystemTime(Date.now() + 10);
            pauses.push(Date.now() - begun);
        }
        expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    });

    it('keeps the count of failures after an abandoned load, which has no pause', async () => {
        await fail();
        await (await take()).release();
        expect([failuresOf(key.item), isPaused(key.item, LEASE_TIMES.failurePause.maxMs)]).toEqual([1, false]);
        await fail();
        expect(failuresOf(key.item)).toBe(2);
    });

    it('leaves no item under a key without a value', async () => {
        key = new LeasedKey();
        await fail();
        expect(key.item.value).toBeNull();
    });
});
