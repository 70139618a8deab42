import { freshOrNull } from '../../../src/cache/values/staleEnvelope';
import { PendingLoad } from '../../../src/cache/load/PendingLoad';
import { LEASE_TIMES } from '../../../src/cache/load/LoadLease';
import { awaitLease } from '../../../src/cache/load/awaitLease';
import type { LoadRequest } from '../../../src/cache/load/LoadOptions';
import { decode } from '../../../src/cache/values/valueCodec';
import type { CacheEngine } from '../../../src/cache/engine/CacheEngine';
import type { Item } from '../../../src/client/model/Item';
import { LeasedKey } from '../LeasedKey';

const LEASE_MS = LEASE_TIMES.seconds * 1000;

let key: LeasedKey;
let load: PendingLoad;

/** Resolves with the result of the load and the time of that result. */
async function turn(timeoutMs: number): Promise<{ found: unknown; atMs: number }> {
    const valueOf = (item: Item): unknown => {
        const held = freshOrNull(item);
        return held === null ? null : decode(held);
    };
    const values = { commands: { internal: key.commands }, decode: (_: unknown, item: Item) => valueOf(item) };
    const store = values as unknown as CacheEngine;
    const request: LoadRequest = { context: null, key: 'key', timeout: null, loader: () => {}, options: {} };
    const miss = { request, fullKey: 'key', held: key.item, epoch: 1 };
    const found = await awaitLease(store, LEASE_TIMES, load, miss, timeoutMs);
    return { found, atMs: performance.now() };
}

beforeEach(() => {
    jest.useFakeTimers({ now: 0 });
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    key = new LeasedKey();
    load = new PendingLoad(null, () => {});
});

afterEach(async () => {
    await load.release();
    jest.restoreAllMocks();
    jest.useRealTimers();
});

describe('a load that needs a lease', () => {
    it('gets the lease at once for four seconds when the key is missing', async () => {
        expect(await turn(10_000)).toEqual({ found: null, atMs: 0 });
        expect(load.lease).not.toBeNull();
        expect(key.leases).toEqual([{ atMs: 0, expires: 4 }]);
    });

    it('renews the lease every 650 ms until its release', async () => {
        await turn(10_000);
        await jest.advanceTimersByTimeAsync(2000);
        expect(key.leases.map(({ atMs }) => atMs)).toEqual([0, 650, 1300, 1950]);
        expect(new Set(key.leases.map(({ expires }) => expires))).toEqual(new Set([4]));
        await load.release();
        expect(key.item.value).toBeNull();
        expect(jest.getTimerCount()).toBe(0);
    });

    it('polls after 10 ms at first, then after a quarter of the wait, up to 100 ms', async () => {
        key.lease();
        const waiting = turn(1000);
        await jest.advanceTimersByTimeAsync(1100);
        await waiting;
        const gaps = key.reads.map((atMs, i) => Math.round(atMs - (key.reads[i - 1] ?? 0)));
        expect(gaps.slice(0, 8)).toEqual([10, 10, 10, 10, 10, 12, 15, 19]);
        expect(new Set(gaps.slice(-4))).toEqual(new Set([100]));
    });

    it('returns the value that the other process stores', async () => {
        key.lease();
        const waiting = turn(10_000);
        await jest.advanceTimersByTimeAsync(300);
        key.store('"value"');
        await jest.advanceTimersByTimeAsync(100);
        expect((await waiting).found).toEqual({ value: 'value' });
        expect(load.lease).toBeNull();
    });

    it('waits until its timeout while the other process renews its lease, then loads without a lease', async () => {
        key.lease();
        const renewing = setInterval(() => key.lease(), LEASE_TIMES.renewedAfterMs);
        const waiting = turn(5 * LEASE_MS);
        await jest.advanceTimersByTimeAsync(6 * LEASE_MS);
        clearInterval(renewing);
        const { found, atMs } = await waiting;
        expect([found, load.lease]).toEqual([null, null]);
        expect(atMs).toBeGreaterThan(5 * LEASE_MS);
        expect(atMs).toBeLessThanOrEqual(5 * LEASE_MS + 100);
    });

    it('takes over a lease without a renewal for its life plus a second', async () => {
        key.lease();
        const waiting = turn(60_000);
        await jest.advanceTimersByTimeAsync(LEASE_MS + 1000);
        expect(key.leases).toEqual([]);
        await jest.advanceTimersByTimeAsync(200);
        expect((await waiting).found).toBeNull();
        expect(load.lease).not.toBeNull();
        expect(key.leases).toHaveLength(1);
    });

    it('loads without a lease when memcached becomes unavailable', async () => {
        key.lease();
        const waiting = turn(60_000);
        key.isAway = true;
        await jest.advanceTimersByTimeAsync(100);
        expect(await waiting).toMatchObject({ found: null, atMs: 10 });
        expect(load.lease).toBeNull();
    });
});
