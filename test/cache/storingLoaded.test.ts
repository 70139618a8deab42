import { timed } from '../support/LagMeter';
import { useOpener, useServer } from '../support/Opener';
import { holding, passing } from '../support/proxy/FaultProxy';
import { sleep } from '../support/sleep';
import { heldLoader, loaderOf, notAsked } from './loaders';
import { openLoads, SHORT_LEASE } from './openLoads';

const server = useServer();
const open = useOpener();

/** The timeout is so long that only a caller that waits for memcached takes seconds. */
const SLOW = { request_timeout: 8000 };

describe('a loaded value', () => {
    it('is returned before memcached has stored it', async () => {
        const proxy = await open.faultProxy(server);
        const cache = await open.cache(proxy, SLOW);
        const other = await open.cache(server);
        const { called, load, finish } = heldLoader<string>();
        const asked = Array.from({ length: 10 }, () => cache.retrieveOrLoad(null, open.key, 30_000, load));
        await called;
        proxy.begin(holding);
        finish('value');
        expect(await timed(() => Promise.all(asked))).toBeLessThan(4000);
        expect(cache.getStats().stored).toBe(0);
        while ((await other.retrieve(null, open.key)) !== 'value') await sleep(2);
        proxy.begin(passing);
        while (cache.getStats().stored === 0) await sleep(2);
    });

    it('is returned during a renewal of its lease', async () => {
        const proxy = await open.faultProxy(server);
        const { loads } = await openLoads(open, proxy, SLOW, SHORT_LEASE);
        const { called, load, finish } = heldLoader<string>();
        const asked = loads.retrieve(null, open.key, 30_000, load, null);
        await called;
        proxy.begin(holding);
        const { requestFrames } = proxy;
        while (proxy.requestFrames === requestFrames) await sleep(2);
        finish('value');
        expect(await timed(() => asked)).toBeLessThan(4000);
        proxy.begin(passing);
        const other = await open.cache(server);
        while ((await other.retrieve(null, open.key)) !== 'value') await sleep(2);
    });

    it('is a hit for later calls of the same process', async () => {
        const cache = await open.cache(server);
        for (let i = 0; i < 50; i++) {
            const key = `${open.key}-${i}`;
            expect(await cache.retrieveOrLoad(null, key, 30_000, () => ({ i }))).toEqual({ i });
            expect(await cache.retrieve(null, key)).toEqual({ i });
        }
    });

    it('reaches later callers while memcached is silent', async () => {
        const proxy = await open.faultProxy(server);
        const cache = await open.cache(proxy, { request_timeout: 500 });
        const { called, load, finish } = heldLoader<string>();
        const asked = cache.retrieveOrLoad(null, open.key, 30_000, load);
        await called;
        proxy.begin(holding);
        finish('value');
        expect(await asked).toBe('value');
        expect(await cache.retrieveOrLoad(null, open.key, 30_000, notAsked)).toBe('value');
        proxy.begin(passing);
    });

    it('is stored before close resolves', async () => {
        for (const delayMs of [0, 100]) {
            const proxy = await open.faultProxy(server);
            const cache = await open.cache(proxy);
            const { called, load, finish } = heldLoader<string>();
            const key = `${open.key}-${delayMs}`;
            const asked = cache.retrieveOrLoad(null, key, 30_000, load);
            await called;
            proxy.begin(holding);
            finish('value');
            expect(await asked).toBe('value');
            const closing = cache.close(null);
            await sleep(delayMs);
            proxy.begin(passing);
            await closing;
            expect(cache.getStats().stored).toBe(1);
            const other = await open.cache(server);
            expect(await other.retrieve(null, key)).toBe('value');
        }
    });

    it('counts as a failed store when JSON cannot represent it', async () => {
        const cache = await open.cache(server);
        expect(await cache.retrieveOrLoad(null, open.key, 30_000, loaderOf(5n).load)).toBe(5n);
        expect(cache.getStats().storeFailures).toBe(1);
    });
});
