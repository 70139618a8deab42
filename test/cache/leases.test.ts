import { wrap } from '../../src/cache/values/staleEnvelope';
import { withLeaseMark } from '../../src/cache/values/loadMarks';
import { Item } from '../../src/client/model/Item';
import { timed } from '../support/LagMeter';
import { useServer } from '../support/Opener';
import { writeItem } from '../support/server/textProtocol';
import { sleep } from '../support/sleep';
import { loaderOf, notAsked } from './loaders';
import { SideBySide } from '../support/sideBySide';
import { openLoads, SHORT_LEASE } from './openLoads';

const server = useServer();
const alongside = new SideBySide();

describe('a missing value', () => {
    alongside.it('is loaded once even by a loader that outlasts the lease', async open => {
        // The loader takes a second longer than SHORT_LEASE, so that it outlasts every tick of
        // memcached's clock.
        const leaseTimes = { ...SHORT_LEASE, seconds: 3 };
        const { loads: one } = await openLoads(open, server, {}, leaseTimes);
        const { loads: other } = await openLoads(open, server, {}, leaseTimes);
        const loader = loaderOf('value', 3500);
        const asked = one.retrieve(null, 'renewed', 30_000, loader.load, null);
        await loader.called;
        expect(await other.retrieve(null, 'renewed', 30_000, loader.load, null)).toBe('value');
        expect(await asked).toBe('value');
        expect(loader.calls).toBe(1);
    });
});

/** Returns the lease of a holder that has been dead for `ageMs`. */
function leaseOf(before: Item, ageMs: number) {
    const now = Date.now();
    const clock = jest.spyOn(Date, 'now').mockReturnValue(now - ageMs);
    const lease = withLeaseMark(before, 1);
    clock.mockRestore();
    return lease;
}

const staleItem = (): Item => {
    const { value, flags } = wrap({ value: '"stale"', flags: 0 }, Date.now() - 1, Date.now() + 60_000);
    return new Item(value as Buffer, flags, 0, 0);
};

describe('a load', () => {
    alongside.it('takes over the lease of a dead holder that another client touches', async open => {
        const { value, flags } = leaseOf(Item.MISS, 0);
        await writeItem(server, 'touched', value, flags);
        const { loads } = await openLoads(open, server, {}, SHORT_LEASE);
        const begun = performance.now();
        const options = { loadTimeout: 60_000 };
        expect(await loads.retrieve(null, 'touched', 30_000, () => 'value', options)).toBe('value');
        expect(performance.now() - begun).toBeLessThan(12_000);
        const reader = await open.cache(server);
        while ((await reader.retrieve(null, 'touched')) !== 'value') await sleep(5);
    });
});

describe('the touched lease of a dead holder', () => {
    alongside.it('is recognized by its date at once, so that the cache stores the value', async open => {
        const { value, flags } = leaseOf(Item.MISS, 9100);
        await writeItem(server, 'dated', value, flags);
        const cache = await open.cache(server);
        const options = { loadTimeout: 60_000 };
        const load = () => cache.retrieveOrLoad(null, 'dated', 30_000, () => 'value', options);
        expect(await timed(load)).toBeLessThan(2000);
        while ((await cache.retrieve(null, 'dated')) !== 'value') await sleep(5);
    });

    alongside.it('does not prevent the reload of a stale value', async open => {
        const { value, flags } = leaseOf(staleItem(), 9100);
        await writeItem(server, 'stale', value, flags);
        const cache = await open.cache(server);
        const options = { staleFor: 60_000 };
        expect(await cache.retrieveOrLoad(null, 'stale', 30_000, () => 'value', options)).toBe('stale');
        while ((await cache.retrieve(null, 'stale')) !== 'value') await sleep(5);
    });

    alongside.it('leaves the stale value to callers with staleFor while the holder may be alive', async open => {
        const { value, flags } = leaseOf(staleItem(), 0);
        await writeItem(server, 'alive', value, flags);
        const cache = await open.cache(server);
        const options = { staleFor: 60_000 };
        for (let i = 0; i < 20; i++) {
            expect(await cache.retrieveOrLoad(null, 'alive', 30_000, notAsked, options)).toBe('stale');
            await cache.retrieveAndTouch(null, 'alive', 60_000);
        }
        expect(cache.getStats().loads).toBe(0);
    });
});
