import type { MemcachedCache } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { losing } from '../support/proxy/loseNext';
import { readItem } from '../support/server/textProtocol';
import type { Servers } from '../support/settings';

/** The outcomes that docs/errors.md promises for writes that fail. */
const open = useOpener();
const server = useServer();

const withOneFailure = (at: Servers): Promise<MemcachedCache> =>
    open.cache(at, { failures: 1, retry: 60_000, request_timeout: 2000 });

it('rejects a retried store with SERVER_DOWN although the server has carried out its first copy', async () => {
    const proxy = await open.faultProxy(server);
    const cache = await withOneFailure(proxy);
    proxy.begin(losing('set', 'the reply', 'a reset'));
    expect(await codeOf(cache.store(null, open.key, 'stored', 60_000))).toBe('SERVER_DOWN');
    expect((await readItem(server, open.key))!.value).toBe('"stored"');
});

it('sends no counter twice, so that SERVER_DOWN means an unchanged counter', async () => {
    const proxy = await open.faultProxy(server);
    const cache = await withOneFailure(proxy);
    await cache.increment(null, open.key, 1, { initial: 1 });
    proxy.begin(losing('count', 'the reply', 'a reset'));
    expect(await codeOf(cache.increment(null, open.key))).toBe('CONNECTION_LOST');
    expect(await codeOf(cache.increment(null, open.key))).toBe('SERVER_DOWN');
    expect((await readItem(server, open.key))!.value).toBe('2');
});

it('removes the old value when memcached refuses a store that is too large', async () => {
    const cache = await open.cache(server, { max_value: 4_000_000 });
    await cache.store(null, open.key, 'old', 60_000);
    expect(await codeOf(cache.store(null, open.key, Buffer.alloc(2_000_000), 60_000))).toBe('VALUE_TOO_LARGE');
    expect(await cache.retrieve(null, open.key)).toBeNull();
});

it('keeps the old value when the cache itself refuses a store that is too large', async () => {
    const cache = await open.cache(server);
    await cache.store(null, open.key, 'old', 60_000);
    expect(await codeOf(cache.store(null, open.key, Buffer.alloc(2_000_000), 60_000))).toBe('VALUE_TOO_LARGE');
    expect(await cache.retrieve(null, open.key)).toBe('old');
});
