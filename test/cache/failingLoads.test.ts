import type { LoadOptions } from 'pip-services4-memcached-node';
import type { LoadThrough } from '../../src/cache/load/LoadThrough';
import { LEASE_TIMES } from '../../src/cache/load/LoadLease';
import { useOpener, useServer, type Opener } from '../support/Opener';
import { readItem } from '../support/server/textProtocol';
import { sleep } from '../support/sleep';
import { openLoads } from './openLoads';

const STALE: LoadOptions = { staleFor: 60_000, jitter: 0 };
const PAUSE = { firstMs: 600, maxMs: 1200, jitter: 0 };
const TIMES = { ...LEASE_TIMES, failurePause: PAUSE };

const server = useServer();
const open = useOpener();

/** The times at which the loader runs. */
let calls: number[];
const failing = (): Promise<never> => {
    calls.push(Date.now());
    return Promise.reject(new Error('no database'));
};

async function openStale({ key }: Opener): Promise<{ cache: LoadThrough; other: LoadThrough }> {
    const { loads: cache } = await openLoads(open, server, {}, TIMES);
    const { loads: other } = await openLoads(open, server, {}, TIMES);
    await cache.retrieve(null, key, 50, () => 'stale', STALE);
    await sleep(80);
    return { cache, other };
}

/** Repeats the calls until the loader has run `times` times. */
async function untilCalled(times: number, ...loads: LoadThrough[]): Promise<void> {
    while (calls.length < times) {
        for (const one of loads) expect(await one.retrieve(null, open.key, 30_000, failing, STALE)).toBe('stale');
        await sleep(1);
    }
}

/** The flags of a stale value whose load has failed. */
const PAUSED = 0x5053_0004;

const untilReleased = async (): Promise<void> => {
    while ((await readItem(server, open.key))!.flags !== PAUSED) await sleep(2);
};

beforeEach(() => (calls = []));

describe('a failing loader while every caller has a stale value', () => {
    it('runs only after a growing pause that all processes share', async () => {
        const { cache, other } = await openStale(open);
        await untilCalled(3, cache, other);
        const [first, second, third] = calls as [number, number, number];
        expect(second - first).toBeGreaterThanOrEqual(PAUSE.firstMs);
        expect(third - second).toBeGreaterThanOrEqual(2 * PAUSE.firstMs);
        await untilReleased();
        expect((await readItem(server, open.key))!.ttl).toBeGreaterThan(50);
    });

    it('runs once when two processes find the value stale at the same moment', async () => {
        const { cache, other } = await openStale(open);
        for (let round = 1; round <= 20; round++) {
            const key = `${open.key}-${round}`;
            await cache.retrieve(null, key, 50, () => 'stale', STALE);
            await sleep(80);
            await Promise.all([cache, other].map(one => one.retrieve(null, key, 30_000, failing, STALE)));
            while ((await readItem(server, key))!.flags !== PAUSED || !(cache.isIdle && other.isIdle)) await sleep(2);
            expect(calls).toHaveLength(round);
        }
    });

    it('runs at once for a caller that needs a new value', async () => {
        const { cache, other } = await openStale(open);
        await untilCalled(1, cache);
        await untilReleased();
        for (const one of [cache, other]) {
            await expect(one.retrieve(null, open.key, 30_000, failing, null)).rejects.toThrow('no database');
        }
        expect(calls).toHaveLength(3);
    });

    it('runs at once after a successful load', async () => {
        const { cache } = await openStale(open);
        await untilCalled(1, cache);
        let value: unknown;
        while (value !== 'new') {
            value = await cache.retrieve(null, open.key, 50, () => 'new', STALE);
            await sleep(5);
        }
        await sleep(80);
        expect(await cache.retrieve(null, open.key, 50, failing, STALE)).toBe('new');
        while (calls.length < 2) await sleep(1);
    });
});
