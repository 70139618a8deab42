import type { MemcachedCache } from '../../src/cache/MemcachedCache';
import { openCache } from '../support/openCache';
import { FaultProxy, passing } from '../support/proxy/FaultProxy';
import { losing, losses } from '../support/proxy/loseNext';
import { MemcachedProcess } from '../support/server/MemcachedProcess';

const ADD = 0x02;
const REPLACE = 0x03;
const DELETE = 0x04;

let server: MemcachedProcess;
let proxy: FaultProxy;
let cache: MemcachedCache;
/** Past the proxy. */
let other: MemcachedCache;
let keys = 0;
let key: string;

const tick = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
const loading = (value: string, ms: number) => () => tick(ms).then(() => value);

beforeAll(async () => {
    server = await MemcachedProcess.start();
    other = await openCache(server);
});

afterAll(async () => {
    await other.close(null);
    await server.end();
});

beforeEach(async () => {
    key = `key${++keys}`;
    proxy = await FaultProxy.start(server.port);
    cache = await openCache({ host: '127.0.0.1', port: proxy.port }, { 'options.request_timeout': 300 });
});

afterEach(async () => {
    await cache.close(null);
    await proxy.close();
});

describe.each(losses)('when %s is lost, followed by %s,', (point, end) => {
    it('a lease that is renewed is still ours, and the value is stored', async () => {
        const asked = cache.retrieveOrLoad(null, key, 30_000, loading('value', 1500));
        await tick(200);
        proxy.begin(losing(REPLACE, point, end));
        expect(await asked).toBe('value');
        expect(await other.retrieve(null, key)).toBe('value');
    });

    it.each([
        ['taken', ADD],
        ['replaced by the value', REPLACE],
    ])('a lease that is %s costs nobody his value', async (_, opcode) => {
        proxy.begin(losing(opcode, point, end));
        const begun = performance.now();
        const options = { loadTimeout: 30_000 };
        expect(await cache.retrieveOrLoad(null, key, 30_000, loading('value', 50), options)).toBe('value');
        expect(performance.now() - begun).toBeLessThan(2000);
        proxy.begin(passing);
        expect(await other.retrieveOrLoad(null, key, 30_000, loading('value', 50), options)).toBe('value');
        expect(performance.now() - begun).toBeLessThan(10_000);
    });

    it('a lease that is released costs nobody the error', async () => {
        proxy.begin(losing(DELETE, point, end));
        const failing = () => Promise.reject(new Error('no'));
        await expect(cache.retrieveOrLoad(null, key, 30_000, failing)).rejects.toThrow('no');
        expect(await other.retrieveOrLoad(null, key, 30_000, loading('value', 50))).toBe('value');
    });
});
