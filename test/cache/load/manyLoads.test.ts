import { LEASE_TIMES } from '../../../src/cache/load/LoadLease';
import { useOpener, useServer } from '../../support/Opener';
import { sleep } from '../../support/sleep';
import { loaderOf, never } from '../loaders';
import { openLoads } from '../openLoads';

const server = useServer();
const open = useOpener();

describe('the memory of loads', () => {
    it('holds nothing after 100,000 callers of one key, whose loader runs once', async () => {
        // A caller whose read fails does not join the load. A process that is busy with 100,000
        // callers does not renew its lease.
        const lease = { ...LEASE_TIMES, seconds: 60 };
        const { pending, loads } = await openLoads(open, server, { request_timeout: 20_000 }, lease);
        const loader = loaderOf('value', 500);
        const options = { loadTimeout: 50_000 };
        const asked = Array.from({ length: 100_000 }, () => loads.retrieve(null, 'key', 30_000, loader.load, options));
        const answers = await Promise.all(asked);
        expect(new Set(answers)).toEqual(new Set(['value']));
        expect(loader.calls).toBe(1);
        while (!loads.isIdle) await sleep(10);
        expect([pending.size, loads.isIdle]).toEqual([0, true]);
    }, 60_000);

    it('holds nothing after 10,000 keys, whatever their outcomes', async () => {
        const { pending, loads } = await openLoads(open, server, { max_size: 0 });
        const outcomes = [
            () => 'value',
            () => null,
            () => Promise.reject(new Error('no')),
            () => sleep(50),
            () => 5n,
            never,
        ];
        const controller = new AbortController();
        const asked = Array.from({ length: 10_000 }, (_, i) => {
            const options = { loadTimeout: 1000, signal: i % 7 === 0 ? controller.signal : null, staleFor: i % 2 };
            return loads.retrieve(null, `key${i}`, 30_000, outcomes[i % outcomes.length]!, options);
        });
        setTimeout(() => controller.abort(), 100);
        await Promise.allSettled(asked);
        while (!loads.isIdle) await sleep(10);
        expect(pending.size).toBe(0);
    }, 60_000);
});
