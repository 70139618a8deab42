import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { requestsIn } from '../support/proxy/messages';
import type { MemcachedProcess } from '../support/server/MemcachedProcess';
import { readItem, readStat, writeItem } from '../support/server/textProtocol';
import type { Servers } from '../support/settings';
import { sleep } from '../support/sleep';
import { numbered } from './batchCaches';

const server = useServer();
const opener = useOpener();
let count = 0;

/** Opens a cache with keys that no other test uses. */
async function open(maxSize: number | undefined, at: Servers = server) {
    const prefix = `${count++}:`;
    const cache = await opener.cache(at, { prefix, max_size: maxSize });
    const store = (...keys: string[]) =>
        keys.reduce((before, key) => before.then(() => cache.store(null, key, key, 50_000)), Promise.resolve());
    const left = async (...keys: string[]) => {
        const found = await Promise.all(keys.map(key => readItem(server, prefix + key)));
        return keys.filter((_, i) => found[i] !== null).join('');
    };
    /** Waits for evictions, which may come in a later write than the store. */
    const settled = async (expected: string, ...keys: string[]) => {
        for (let tries = 0; tries < 400 && (await left(...keys)) !== expected; tries++) await sleep(5);
        return left(...keys);
    };
    return { cache, prefix, store, left, settled };
}

it.each([
    [1, 'abc', 'c'],
    [3, 'abc', 'abc'],
    [3, 'abcd', 'bcd'],
    [3, 'abcad', 'cad'],
    [3, 'abcabcd', 'bcd'],
    [3, 'aaaab', 'ab'],
    [2, 'abababc', 'bc'],
    [0, 'abcdefgh', 'abcdefgh'],
])('evicts with max_size %d, after stores of %s, all keys but %s', async (maxSize, stored, stays) => {
    const { store, left } = await open(maxSize);
    await store(...stored);
    const keys = [...new Set(stored)];
    expect([...(await left(...keys))].sort().join('')).toBe([...stays].sort().join(''));
});

it('keeps a thousand values by default', async () => {
    const { cache, left, settled } = await open(undefined);
    const keys = Array.from({ length: 1003 }, (_, i) => `k${i}`);
    await Promise.all(keys.map(key => cache.store(null, key, 1, 50_000)));
    expect(await settled('', 'k0', 'k1', 'k2')).toBe('');
    expect(await left('k3', 'k4', 'k1002')).toBe('k3k4k1002');
});

it('keeps more than a thousand values when max_size is 0', async () => {
    const { cache, left } = await open(0);
    const keys = Array.from({ length: 1003 }, (_, i) => `k${i}`);
    await Promise.all(keys.map(key => cache.store(null, key, 1, 50_000)));
    expect(await left('k0', 'k1002')).toBe('k0k1002');
});

it('frees room when it removes a key or stores null', async () => {
    const { cache, store, left } = await open(2);
    await store('a', 'b');
    await cache.remove(null, 'b');
    await store('c');
    expect(await left('a', 'b', 'c')).toBe('ac');
    await cache.store(null, 'c', null, 50_000);
    await store('d');
    expect(await left('a', 'c', 'd')).toBe('ad');
    await store('e');
    expect(await left('a', 'd', 'e')).toBe('de');
});

it('does not count a retrieve as a store', async () => {
    const { cache, store, left } = await open(2);
    await store('a', 'b');
    await cache.retrieve(null, 'a');
    await store('c');
    expect(await left('a', 'b', 'c')).toBe('bc');
});

it('evicts no value for a rejected store', async () => {
    const { cache, store, left } = await open(1);
    await store('a');
    expect(await codeOf(cache.store(null, 'b d', 1, 50_000))).toBe('INVALID_KEY');
    expect(await codeOf(cache.store(null, 'k'.repeat(260), 1, 50_000))).toBe('INVALID_KEY');
    expect(await codeOf(cache.store(null, 'b', 'x'.repeat(1024 * 1024), 50_000))).toBe('VALUE_TOO_LARGE');
    expect(await codeOf(cache.store(null, 'b', 5n, 50_000))).toBe('NOT_SERIALIZABLE');
    expect(await codeOf(cache.store(null, 'b', 1, 'x' as never))).toBe('INVALID_TTL');
    expect(await left('a')).toBe('a');
    await store('c');
    expect(await left('a', 'c')).toBe('c');
});

it('logs only the first eviction', async () => {
    const { store } = await open(2);
    await store('a', 'b', 'a');
    expect(opener.logger.lines).toEqual([]);
    await store('c', 'd', 'e');
    expect(opener.logger.lines).toEqual(['warn more than 2 values stored: evicting the oldest (options.max_size)']);
});

it('evicts by a delete in the same write as the store', async () => {
    const proxy = await opener.recordingProxy(server);
    const { store, prefix } = await open(2, proxy);
    await store('a', 'b');
    const deleted = await readStat(server, 'delete_hits');
    proxy.writes.length = 0;
    await store('c');
    expect(proxy.writes.length).toBe(1);
    expect(requestsIn(proxy.writes[0]!)).toEqual([
        { verb: 'delete', key: `${prefix}a` },
        { verb: 'set', key: `${prefix}c` },
    ]);
    expect(await readStat(server, 'delete_hits')).toBe(deleted + 1);
});

it('evicts a value that another instance has already removed', async () => {
    const { cache, prefix, store, left } = await open(1);
    await store('a');
    const other = await opener.cache(server, { prefix });
    await other.remove(null, 'a');
    await store('b');
    expect(await left('b')).toBe('b');
    expect(await cache.retrieve(null, 'b')).toBe('b');
});

it('neither counts nor evicts the values of another instance', async () => {
    const { cache, prefix, store, left } = await open(2);
    const other = await opener.cache(server, { prefix, max_size: 2 });
    await other.store(null, 'x', 1, 50_000);
    await other.store(null, 'y', 1, 50_000);
    await store('a', 'b', 'c');
    expect(await left('a', 'b', 'c', 'x', 'y')).toBe('bcxy');
    expect(await cache.retrieve(null, 'x')).toBe(1);
});

it('evicts a value on another server', async () => {
    const servers = await Promise.all([opener.server(), opener.server(), opener.server()]);
    const cache = await opener.cache(servers, { max_size: 5 });
    const keys = Array.from({ length: 40 }, (_, i) => `key${i}`);
    for (const key of keys) await cache.store(null, key, key, 50_000);
    // A delete on another server may come after the reply to the store. A later read comes after
    // the delete.
    await Promise.all(keys.map(key => cache.retrieve(null, key)));
    const held = async () => {
        const found = keys.map(async key => {
            const items = await Promise.all(servers.map(server => readItem(server, key)));
            return items.filter(item => item !== null).length;
        });
        return Promise.all(found);
    };
    expect(await held()).toEqual(keys.map((_, i) => (i < 35 ? 0 : 1)));
    const used = await Promise.all(servers.map(server => readStat(server, 'cmd_set')));
    expect(used.every(sets => sets > 0)).toBe(true);
});

it('evicts a value even when the server of the new value is unavailable', async () => {
    const [alive, dying] = await Promise.all([opener.server(), opener.server()]);
    const cache = await opener.cache([alive, dying], { max_size: 1, failures: 1 });
    const placed = async (at: MemcachedProcess) => {
        for (let i = 0; ; i++) {
            await cache.store(null, `key${i}`, i, 50_000);
            if ((await readItem(at, `key${i}`)) !== null) return `key${i}`;
        }
    };
    const there = await placed(dying);
    const here = await placed(alive);
    await dying.kill();
    expect(await codeOf(cache.store(null, there, 1, 50_000))).toBe('SERVER_DOWN');
    expect(await cache.retrieve(null, here)).toBeNull();
});

it('resolves a stored write even when the cache closes before its eviction', async () => {
    const closing = await opener.cache(server, { max_size: 1 });
    await closing.store(null, 'first-of-closing', 1, 50_000);
    const storing = [
        closing.add(null, 'added-at-close', 1, 50_000),
        closing.update(null, 'first-of-closing', () => 2, 50_000).catch((error: { code: string }) => error.code),
    ];
    await closing.close(null);
    const [isAdded, updated] = await Promise.all(storing);
    expect(isAdded).toBe(true);
    expect([2, 'NOT_OPENED']).toContain(updated);
});

describe('max_size', () => {
    it('counts the values of a batch, and evicts the oldest values', async () => {
        const { cache, left, settled } = await open(3);
        await cache.store(null, 'a', 1);
        await cache.storeMany(null, { b: 1, c: 1 });
        await cache.storeMany(null, { d: 1, a: 2 });
        expect(await settled('acd', ...'abcd')).toBe('acd');
        await cache.store(null, 'e', 1);
        expect(await left(...'abcde')).toBe('ade');
    });

    it('keeps the last values of a larger batch, and removes old values of the other keys', async () => {
        const { cache, left } = await open(3);
        await cache.storeMany(null, { a: 'old', b: 'old' });
        await cache.storeMany(null, { a: 'new', b: 'new', c: 1, d: 1, e: 1 });
        expect(await left(...'abcde')).toBe('cde');
    });

    it('keeps at most max_size values on the server during a large batch', async () => {
        const { cache, left } = await open(50);
        const before = await readStat(server, 'curr_items');
        await cache.storeMany(null, numbered(5000));
        expect((await readStat(server, 'curr_items')) - before).toBe(50);
        expect(await left('key0', 'key4949', 'key4950', 'key4999')).toBe('key4950key4999');
    });

    it('frees the room of the keys that a batch removes', async () => {
        const { cache, left } = await open(2);
        await cache.storeMany(null, { a: 1, b: 1 });
        await cache.removeMany(null, ['a']);
        await cache.store(null, 'c', 1);
        expect(await left(...'abc')).toBe('bc');
        await cache.storeMany(null, { b: null, d: 1 });
        expect(await left(...'abcd')).toBe('cd');
    });

    it('evicts no value for a rejected batch', async () => {
        const { cache, left } = await open(2);
        await cache.storeMany(null, { a: 1, b: 1 });
        expect(await codeOf(cache.storeMany(null, { c: 1, d: 'x'.repeat(2 ** 20 + 1) }))).toBe('VALUE_TOO_LARGE');
        expect(await codeOf(cache.storeMany(null, { c: 1, 'b d': null }))).toBe('INVALID_KEY');
        expect(await left(...'abcd')).toBe('ab');
        await cache.store(null, 'c', 1);
        expect(await left(...'abc')).toBe('bc');
    });
});

it('removes the surplus of a batch, even when a token changes during the batch', async () => {
    const servers = await Promise.all([opener.server(), opener.server()]);
    const client = await opener.client(servers);
    const names = Array.from({ length: 50 }, (_, i) => `k${i}`);
    const [surplus, last] = servers.map(one => names.find(key => client.server(`s:${key}`).port === one.port)!);
    const cache = await opener.cache(servers, { prefix: 's:', clear: true, max_size: 1 });
    for (const key of [surplus!, last!]) await cache.store(null, key, 0, 50_000);
    await writeItem(servers[0], 's:#namespace', 'AAAAAAAA');
    await cache.storeMany(null, [
        [surplus!, 1],
        [last!, 2],
    ]);
    expect([await cache.retrieve(null, surplus!), await cache.retrieve(null, last!)]).toEqual([null, 2]);
    expect(cache.getStats()).toMatchObject({ stored: 3, evicted: 2 });
});
