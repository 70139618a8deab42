import type { MemcachedProcess } from '../support/server/MemcachedProcess';
import { useOpener } from '../support/Opener';
import { sleep } from '../support/sleep';
import { newestMemcached } from './servers';

const command = newestMemcached();
const open = useOpener();

// Only the newest memcached has a proxy. The runner reports when it is missing.
(command === undefined ? describe.skip : describe)('a proxy that cannot reach the memcached behind it', () => {
    let backend: MemcachedProcess;
    let proxy: MemcachedProcess;
    beforeEach(async () => {
        backend = await open.server({ command });
        proxy = await open.server({ command, backends: [backend] });
    });

    it('makes each verb of the client fail with CONNECTION_LOST', async () => {
        const client = await open.client(proxy);
        await backend.kill();
        const calls = [
            client.get('key'),
            client.getAndTouch('key', 10),
            client.touch('key', 10),
            client.set('key', 'value'),
            client.add('key', 'value'),
            client.append('key', 'value'),
            client.casAdd('key', 'value'),
            client.casSet('key', 'value', 1n),
            client.increment('key', 1),
            client.delete('key'),
            client.casDelete('key', 1n),
        ];
        const message = `the proxy at ${proxy.address} cannot reach the memcached of the key (SERVER_ERROR backend failure)`;
        const outcomes = await Promise.allSettled(calls);
        expect(outcomes).toEqual(
            calls.map(() => ({
                status: 'rejected',
                reason: expect.objectContaining({ code: 'CONNECTION_LOST', message }),
            })),
        );
        const batches = [client.getMany(['key']), client.setMany([['key', 'value']]), client.deleteMany(['key'])];
        for (const { failed } of await Promise.all(batches)) {
            expect(failed.get('key')).toMatchObject({ code: 'CONNECTION_LOST', message });
        }
    });

    it('lets a cache load its values, and a cache with fail_soft continue', async () => {
        const cache = await open.cache(proxy);
        const soft = await open.cache(proxy, { fail_soft: true });
        await backend.kill();
        expect(await cache.retrieveOrLoad(null, 'key', 60_000, () => 'loaded')).toBe('loaded');
        await expect(cache.retrieve(null, 'key')).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
        expect(await soft.retrieve(null, 'key')).toBeNull();
        expect(await soft.store(null, 'key', 'value', 60_000)).toBe('value');
    });

    it('answers again when memcached is back', async () => {
        const client = await open.client(proxy, { protocol: 'meta' });
        await backend.restart();
        const set = () => client.set('key', 'value').catch(() => false);
        // The proxy connects again after some seconds.
        while (!(await set())) await sleep(50);
        expect(await client.getText('key')).toBe('value');
        expect(client.getStats()).toMatchObject([{ isUp: true, connects: 1 }]);
    });
});
