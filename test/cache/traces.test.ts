import type { CommandTrace } from 'pip-services4-memcached-node';
import { useOpener, useServer } from '../support/Opener';
import { sleep } from '../support/sleep';
import { recordSenders, recordTraces } from '../support/traces';
import { heldLoader, notAsked, untilStored } from './loaders';
import { openLoads, SHORT_LEASE } from './openLoads';

const server = useServer();
const open = useOpener();

describe('a trace', () => {
    it('marks the requests for the token of a prefix', async () => {
        const cache = await open.cache(server, { prefix: 'token:', clear: true });
        const tokenKey = 'token:#namespace';
        const isRead = expect.stringMatching(/^get token:#[\w-]{8}:key$/);
        expect(await recordSenders(() => cache.retrieve(null, 'key'))).toEqual({
            callers: [isRead],
            internal: [`get ${tokenKey}`, `casAdd ${tokenKey}`],
        });
        expect(await recordSenders(() => cache.retrieve(null, 'key'))).toEqual({ callers: [isRead], internal: [] });
        expect(await recordSenders(() => cache.clear(null))).toEqual({ callers: [], internal: [`delete ${tokenKey}`] });
    });

    it('marks the lease and the loaded value of retrieveOrLoad, but not the read of its caller', async () => {
        const cache = await open.cache(server);
        const { key } = open;
        const load = async (): Promise<void> => {
            await cache.retrieveOrLoad(null, key, 5000, () => 'value');
            await untilStored(cache);
        };
        expect(await recordSenders(load)).toEqual({
            callers: [`get ${key}`],
            internal: [`casAdd ${key}`, `casSet ${key}`],
        });
        const hit = () => cache.retrieveOrLoad(null, key, 5000, notAsked);
        expect(await recordSenders(hit)).toEqual({ callers: [`get ${key}`], internal: [] });
    });

    it('marks the removal of the lease when there is no value', async () => {
        const cache = await open.cache(server);
        const { key } = open;
        expect(await recordSenders(() => cache.retrieveOrLoad(null, key, 5000, () => null))).toEqual({
            callers: [`get ${key}`],
            internal: [`casAdd ${key}`, `casDelete ${key}`],
        });
    });

    it('marks the polling of another process and the renewal of its lease', async () => {
        const { loads: one } = await openLoads(open, server, {}, SHORT_LEASE);
        const { loads: other } = await openLoads(open, server);
        const { key } = open;
        const loader = heldLoader<string>();
        const { callers, internal } = await recordSenders(async () => {
            const loading = one.retrieve(null, key, 5000, loader.load, null);
            await loader.called;
            const waiting = other.retrieve(null, key, 5000, notAsked, null);
            await sleep(2 * SHORT_LEASE.renewedAfterMs);
            loader.finish('value');
            expect(await Promise.all([loading, waiting])).toEqual(['value', 'value']);
        });
        expect(callers).toEqual([`get ${key}`, `get ${key}`]);
        expect(new Set(internal)).toEqual(new Set([`casAdd ${key}`, `get ${key}`, `casSet ${key}`]));
        // The store of the value follows at least one renewal.
        expect(internal.filter(one => one === `casSet ${key}`).length).toBeGreaterThan(1);
    });

    it('marks the store of a loaded value on a server without CAS', async () => {
        const cache = await open.cache(await open.server({ args: ['-C'] }));
        const load = async (): Promise<void> => {
            await cache.retrieveOrLoad(null, 'key', 5000, () => 'value');
            await untilStored(cache);
        };
        expect(await recordSenders(load)).toEqual({ callers: ['get key'], internal: ['casAdd key', 'set key'] });
    });

    it('counts the hits of a batch under a token', async () => {
        const cache = await open.cache(server, { clear: true, prefix: 'batch:' });
        await cache.storeMany(null, { a: 1, b: 2 });
        const { contexts, stop } = recordTraces<CommandTrace>('command');
        await cache.retrieveMany(null, ['a', 'b', 'c']);
        stop();
        expect(contexts).toMatchObject([{ operation: 'getMany', keyCount: 3, hits: 2, misses: 1, failed: 0 }]);
    });

    it('shows a call that meets a clear as an error, and its repetition as another call', async () => {
        const prefix = 'cleared:';
        const cache = await open.cache(server, { clear: true, prefix });
        const other = await open.cache(server, { clear: true, prefix });
        await cache.store(null, 'key', 'old');
        await other.clear(null);
        const { contexts, stop } = recordTraces<CommandTrace>('command');
        expect(await cache.retrieve(null, 'key')).toBeNull();
        stop();
        const gets = contexts.filter(({ isInternal }) => !isInternal);
        expect(gets).toMatchObject([
            { operation: 'get', error: { name: 'TokenChanged' } },
            { operation: 'get', result: 'miss' },
        ]);
        expect(gets[0]!.key).not.toBe(gets[1]!.key);
    });

    it('does not mark the requests of other verbs', async () => {
        const cache = await open.cache(server, { clear: true, prefix: 'verbs:' });
        await cache.retrieve(null, 'a');
        const work = async (): Promise<void> => {
            await cache.store(null, 'a', 1);
            await cache.update(null, 'a', () => 2);
            await cache.storeMany(null, { b: 1, c: 2 });
            await cache.retrieveMany(null, ['a', 'b']);
            await cache.remove(null, 'a');
        };
        const { callers, internal } = await recordSenders(work);
        expect(callers.map(one => one.split(' ')[0])).toEqual([
            'set',
            'get',
            'casSet',
            'setMany',
            'getMany',
            'getAndDelete',
        ]);
        expect(internal).toEqual([]);
    });
});
