import type { LoadThrough } from '../../src/cache/load/LoadThrough';
import { timed } from '../support/LagMeter';
import { useServer } from '../support/Opener';
import { describeEachLoss, type LossContext } from '../support/proxy/loseNext';
import { loaderOf, untilStored } from './loaders';
import { openLoads, SHORT_LEASE } from './openLoads';

const server = useServer();

/** Opens `cache`, which loses messages, and `other`, which loses none. */
async function openBoth({ open, proxy }: LossContext) {
    const { loads: cache } = await openLoads(open, proxy, { request_timeout: 600 }, SHORT_LEASE);
    const { loads: other } = await openLoads(open, server, {}, SHORT_LEASE);
    return { cache, other };
}

describeEachLoss(server, it => {
    it('keeps its lease when a renewal has an unknown outcome, and stores the value', async context => {
        const { open, proxy, key, lose } = context;
        const cache = await open.cache(proxy, { request_timeout: 600 });
        const other = await open.cache(server);
        const loader = loaderOf('value', 1500);
        const asked = cache.retrieveOrLoad(null, key, 30_000, loader.load);
        await loader.called;
        lose('cas');
        expect(await asked).toBe('value');
        await untilStored(cache);
        expect(await other.retrieve(null, key)).toBe('value');
    });

    for (const [what, verb] of [
        ['take the lease', 'add'],
        ['replace the lease by the value', 'cas'],
    ] as const) {
        it(`returns the value to every caller when the request to ${what} is lost`, async context => {
            const { key, lose } = context;
            const { cache, other } = await openBoth(context);
            lose(verb);
            const options = { loadTimeout: 30_000 };
            const loader = loaderOf('value', 50);
            const loading = async (loads: LoadThrough): Promise<void> =>
                expect(await loads.retrieve(null, key, 30_000, loader.load, options)).toBe('value');
            expect(await timed(() => loading(cache))).toBeLessThan(2000);
            expect(await timed(() => loading(other))).toBeLessThan(8000);
        });
    }

    it('rejects with the error of the loader, and lets other callers load, when a release is lost', async context => {
        const { key, lose } = context;
        const { cache, other } = await openBoth(context);
        lose('delete');
        const failing = () => Promise.reject(new Error('no'));
        await expect(cache.retrieve(null, key, 30_000, failing, null)).rejects.toThrow('no');
        expect(await other.retrieve(null, key, 30_000, loaderOf('value', 50).load, null)).toBe('value');
    });
});
