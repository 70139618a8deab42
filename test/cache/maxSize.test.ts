import type { MemcachedCache } from '../../src/cache/MemcachedCache';
import { codeOf, openCache } from '../support/openCache';
import { RecordingLogger } from '../support/RecordingLogger';
import { MemcachedProcess } from '../support/server/MemcachedProcess';
import { RecordingProxy } from '../support/proxy/RecordingProxy';
import { readItem, readStat } from '../support/server/textProtocol';

const SET = 0x01;
const DELETE_QUIETLY = 0x14;

let server: MemcachedProcess;
const caches: MemcachedCache[] = [];

beforeAll(async () => {
    server = await MemcachedProcess.start();
});

afterAll(() => server.end());
afterEach(() => Promise.all(caches.splice(0).map(cache => cache.close(null))));

let count = 0;

/** A cache whose keys nobody else has. */
async function open(maxSize: number | undefined, logger = new RecordingLogger(), at: object = server) {
    const prefix = `${count++}:`;
    const options = { prefix: prefix, max_size: maxSize };
    const cache = await openCache(at as MemcachedProcess, options, logger.references());
    caches.push(cache);
    const store = (...keys: string[]) =>
        keys.reduce((before, key) => before.then(() => cache.store(null, key, key, 5000)), Promise.resolve());
    const left = async (...keys: string[]) => {
        const found = await Promise.all(keys.map(key => readItem(server, prefix + key)));
        return keys.filter((_, i) => found[i] !== null).join('');
    };
    return { cache, prefix, store, left };
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
])('with max_size %d, of %s there stays %s', async (maxSize, stored, stays) => {
    const { store, left } = await open(maxSize);
    await store(...stored);
    const keys = [...new Set(stored)];
    expect([...(await left(...keys))].sort().join('')).toBe([...stays].sort().join(''));
});

it('a thousand values stay when nothing is configured, and no more', async () => {
    const { cache, left } = await open(undefined);
    const keys = Array.from({ length: 1003 }, (_, i) => `k${i}`);
    await Promise.all(keys.map(key => cache.store(null, key, 1, 5000)));
    expect(await left('k0', 'k1', 'k2')).toBe('');
    expect(await left('k3', 'k4', 'k1002')).toBe('k3k4k1002');
});

it('0 is no limit, beyond a thousand', async () => {
    const { cache, left } = await open(0);
    const keys = Array.from({ length: 1003 }, (_, i) => `k${i}`);
    await Promise.all(keys.map(key => cache.store(null, key, 1, 5000)));
    expect(await left('k0', 'k1002')).toBe('k0k1002');
});

it('remove makes room, and so does storing null', async () => {
    const { cache, store, left } = await open(2);
    await store('a', 'b');
    await cache.remove(null, 'b');
    await store('c');
    expect(await left('a', 'b', 'c')).toBe('ac');
    await cache.store(null, 'c', null, 5000);
    await store('d');
    expect(await left('a', 'c', 'd')).toBe('ad');
    await store('e');
    expect(await left('a', 'd', 'e')).toBe('de');
});

it('retrieving is not storing', async () => {
    const { cache, store, left } = await open(2);
    await store('a', 'b');
    await cache.retrieve(null, 'a');
    await store('c');
    expect(await left('a', 'b', 'c')).toBe('bc');
});

it('a store that is refused costs no other value', async () => {
    const { cache, store, left } = await open(1);
    await store('a');
    expect(await codeOf(cache.store(null, 'b d', 1, 5000))).toBe('INVALID_KEY');
    expect(await codeOf(cache.store(null, 'k'.repeat(260), 1, 5000))).toBe('INVALID_KEY');
    expect(await codeOf(cache.store(null, 'b', 'x'.repeat(1024 * 1024), 5000))).toBe('VALUE_TOO_LARGE');
    expect(await codeOf(cache.store(null, 'b', 5n, 5000))).toBe('NOT_SERIALIZABLE');
    expect(await codeOf(cache.store(null, 'b', 1, 'x' as never))).toBe('INVALID_TTL');
    expect(await left('a')).toBe('a');
    await store('c');
    expect(await left('a', 'c')).toBe('c');
});

it('the first value that goes is said in the log, and no other', async () => {
    const logger = new RecordingLogger();
    const { store } = await open(2, logger);
    await store('a', 'b', 'a');
    expect(logger.lines).toEqual([]);
    await store('c', 'd', 'e');
    expect(logger.lines).toEqual(['warn more than 2 values: the one stored longest ago goes (options.max_size)']);
});

it('what goes leaves in the write that stores, quietly', async () => {
    const proxy = await RecordingProxy.start(server);
    const { cache, store, prefix } = await open(2, undefined, proxy);
    await store('a', 'b');
    const deleted = await readStat(server, 'delete_hits');
    proxy.writes.length = 0;
    await store('c');
    expect(proxy.writes.length).toBe(1);
    const write = proxy.writes[0]!;
    const quietDelete = 24 + Buffer.byteLength(`${prefix}a`);
    expect([write[1], write[quietDelete + 1]]).toEqual([DELETE_QUIETLY, SET]);
    expect(write.toString('latin1', 24, quietDelete)).toBe(`${prefix}a`);
    expect(await readStat(server, 'delete_hits')).toBe(deleted + 1);
    await cache.close(null);
    await proxy.end();
});

it('what goes may have gone before', async () => {
    const { cache, prefix, store, left } = await open(1);
    await store('a');
    const other = await openCache(server, { prefix: prefix });
    await other.remove(null, 'a');
    await other.close(null);
    await store('b');
    expect(await left('b')).toBe('b');
    expect(await cache.retrieve(null, 'b')).toBe('b');
});

it('what another instance stored is not counted, and stays', async () => {
    const { cache, prefix, store, left } = await open(2);
    const other = await openCache(server, { prefix: prefix, max_size: 2 });
    await other.store(null, 'x', 1, 5000);
    await other.store(null, 'y', 1, 5000);
    await store('a', 'b', 'c');
    expect(await left('a', 'b', 'c', 'x', 'y')).toBe('bcxy');
    expect(await cache.retrieve(null, 'x')).toBe(1);
    await other.close(null);
});

it('what goes may be on another server', async () => {
    const servers = await Promise.all([MemcachedProcess.start(), MemcachedProcess.start(), MemcachedProcess.start()]);
    const cache = await openCache(servers, { max_size: 5 });
    const keys = Array.from({ length: 40 }, (_, i) => `key${i}`);
    for (const key of keys) await cache.store(null, key, key, 5000);
    // A delete that went to another server than its store may come after the store's reply; what is asked later comes later still.
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
    await cache.close(null);
    await Promise.all(servers.map(server => server.end()));
});

it('what goes is gone also when the server of the new value is away', async () => {
    const [alive, dying] = await Promise.all([MemcachedProcess.start(), MemcachedProcess.start()]);
    const cache = await openCache([alive, dying], { max_size: 1, failures: 1 });
    const placed = async (at: MemcachedProcess) => {
        for (let i = 0; ; i++) {
            await cache.store(null, `key${i}`, i, 5000);
            if ((await readItem(at, `key${i}`)) !== null) return `key${i}`;
        }
    };
    const there = await placed(dying);
    const here = await placed(alive);
    await dying.kill();
    expect(await codeOf(cache.store(null, there, 1, 5000))).toBe('SERVER_DOWN');
    expect(await cache.retrieve(null, here)).toBeNull();
    await cache.close(null);
    await Promise.all([alive.end(), dying.end()]);
});

it('what was stored is an answer, also when the cache is closed before another one goes for it', async () => {
    const closing = await openCache(server, { max_size: 1 });
    await closing.store(null, 'first-of-closing', 1, 5000);
    const storing = [
        closing.add(null, 'added-at-close', 1, 5000),
        closing.update(null, 'first-of-closing', () => 2, 5000).catch((error: { code: string }) => error.code),
    ];
    await closing.close(null);
    const [isAdded, updated] = await Promise.all(storing);
    expect(isAdded).toBe(true);
    expect([2, 'NOT_OPENED']).toContain(updated);
});
