import { useOpener, useServer } from '../support/Opener';
import { requestsIn } from '../support/proxy/messages';
import { readItem, readStat, writeItem } from '../support/server/textProtocol';
import { batchCaches, numbered } from './batchCaches';

const server = useServer();
const servers = [server, useServer(), useServer()];
const opener = useOpener();
const open = batchCaches(opener, server);

describe('a batch', () => {
    it.each<[string, (entries: [string, unknown][]) => never]>([
        ['a Map', entries => new Map(entries) as never],
        ['a plain object', entries => Object.fromEntries(entries) as never],
        [
            'an object without a prototype',
            entries => Object.assign(Object.create(null) as object, Object.fromEntries(entries)) as never,
        ],
        ['pairs', entries => entries as never],
        ['a Set of pairs', entries => new Set(entries) as never],
        [
            'a generator',
            entries =>
                (function* () {
                    yield* entries;
                })() as never,
        ],
    ])('finds every value of a batch from %s', async (_, form) => {
        const cache = await open();
        const entries: [string, unknown][] = [
            ['text', 'žluťoučký'],
            ['object', { a: [1, null] }],
            ['false', false],
            ['zero', 0],
            ['empty', ''],
            ['bytes', Buffer.from([0, 255])],
        ];
        expect(await cache.storeMany(null, form(entries), 50_000)).toBeUndefined();
        const keys = entries.map(([key]) => key);
        const found = await cache.retrieveMany(null, ['nobody', ...keys.reverse(), 'nothing']);
        // The result has the order of the given keys, without missing keys.
        expect([...found]).toEqual(entries.reverse());
        for (const [key, value] of entries) expect(await cache.retrieve(null, key)).toEqual(value);
    });

    it('accepts keys from any iterable, with duplicates', async () => {
        const cache = await open();
        await cache.storeMany(null, { a: 1, b: 2 });
        expect([...(await cache.retrieveMany(null, new Set(['b', 'a'])))]).toEqual([
            ['b', 2],
            ['a', 1],
        ]);
        expect([...(await cache.retrieveMany(null, ['a', 'b', 'a', 'a']))]).toEqual([
            ['a', 1],
            ['b', 2],
        ]);
        expect([...(await cache.retrieveMany(null, new Map([['a', 0]]).keys()))]).toEqual([['a', 1]]);
    });

    it('keeps the last value of a duplicate key', async () => {
        const cache = await open();
        await cache.storeMany(null, [
            ['a', 1],
            ['b', 1],
            ['a', 2],
            ['b', null],
        ]);
        expect(await cache.retrieveMany(null, ['a', 'b'])).toEqual(new Map([['a', 2]]));
    });

    it('accepts keys that every object inherits', async () => {
        const cache = await open();
        const keys = ['__proto__', 'constructor', 'toString'];
        await cache.storeMany(
            null,
            keys.map(key => [key, key] as const),
        );
        expect([...(await cache.retrieveMany(null, keys))]).toEqual(keys.map(key => [key, key]));
    });

    it('removes keys whose value is null or undefined', async () => {
        const cache = await open();
        await cache.storeMany(null, { a: 1, b: 2, c: 3 });
        await cache.storeMany(null, { a: null, b: 4, c: undefined });
        expect(await cache.retrieveMany(null, ['a', 'b', 'c'])).toEqual(new Map([['b', 4]]));
    });

    it('stores values with the given timeout', async () => {
        const cache = await open({ prefix: 'ttl:' });
        await cache.storeMany(null, { a: 1 }, 100_000);
        expect((await readItem(server, 'ttl:a'))!.ttl).toBeGreaterThan(97);
        expect((await readItem(server, 'ttl:a'))!.ttl).toBeLessThanOrEqual(100);
    });

    it('treats an entry of another program as a miss', async () => {
        const cache = await open({ prefix: 'g:' });
        await cache.storeMany(null, { a: 1 });
        await writeItem(server, 'g:b', '{no json');
        expect(await cache.retrieveMany(null, ['a', 'b'])).toEqual(new Map([['a', 1]]));
    });

    it('removes only the given keys', async () => {
        const cache = await open();
        await cache.storeMany(null, { a: 1, b: 2, c: 3 });
        expect(await cache.removeMany(null, ['c', 'a', 'nobody', 'a'])).toBeUndefined();
        expect(await cache.retrieveMany(null, ['a', 'b', 'c'])).toEqual(new Map([['b', 2]]));
    });

    it('sends nothing when it is empty', async () => {
        const proxy = await opener.recordingProxy(server);
        const cache = await open({ prefix: '' }, proxy);
        const before = proxy.writes.length;
        expect(await cache.retrieveMany(null, [])).toEqual(new Map());
        await cache.storeMany(null, {});
        await cache.storeMany(null, []);
        await cache.removeMany(null, new Set());
        expect(proxy.writes.length).toBe(before);
    });
});

it('stores, retrieves and removes 100,000 keys on three servers', async () => {
    const cache = await open({ request_timeout: 60_000 }, servers);
    const entries = numbered(100_000, i => ({ i }));
    await cache.storeMany(null, entries, 60_000);
    const used = await Promise.all(servers.map(one => readStat(one, 'curr_items')));
    expect(used.every(items => items > 10_000)).toBe(true);
    const found = await cache.retrieveMany(null, entries.keys());
    expect(found.size).toBe(100_000);
    expect([...found.keys()]).toEqual([...entries.keys()]);
    let wrong = 0;
    for (const [key, value] of found) if (`key${(value as { i: number }).i}` !== key) wrong++;
    expect(wrong).toBe(0);
    await cache.removeMany(null, entries.keys());
    expect((await cache.retrieveMany(null, entries.keys())).size).toBe(0);
}, 60_000);

it('sends one write to each server', async () => {
    const proxies = await Promise.all(servers.map(one => opener.recordingProxy(one)));
    const cache = await open({ prefix: '' }, proxies);
    const keys = Array.from({ length: 300 }, (_, i) => `w${opener.key}-${i}`);
    const entries = new Map(keys.map(key => [key, key]));
    for (const verb of [
        () => cache.storeMany(null, entries),
        () => cache.retrieveMany(null, keys),
        () => cache.removeMany(null, keys),
    ]) {
        for (const proxy of proxies) proxy.writes.length = 0;
        await verb();
        expect(proxies.map(({ writes }) => writes.length)).toEqual([1, 1, 1]);
        // A NOOP ends the batch.
        for (const { writes } of proxies) expect(requestsIn(writes[0]!).at(-1)).toEqual({ verb: 'noop', key: '' });
    }
});

it('applies concurrent calls in the order of the calls', async () => {
    for (const more of [{}, { prefix: '' }, { compress_min: 10, max_size: 100 }]) {
        const cache = await open(more);
        await cache.retrieve(null, 'o1');
        const long = 'l'.repeat(5000);
        void cache.store(null, 'o1', long, 50_000);
        void cache.remove(null, 'o1');
        const first = cache.storeMany(null, { o1: long, o2: long }, 50_000);
        const second = cache.store(null, 'o1', 'second', 50_000);
        const third = cache.removeMany(null, ['o2']);
        const fourth = cache.storeMany(null, { o2: 'fourth' }, 50_000);
        await Promise.all([first, second, third, fourth]);
        expect(await cache.retrieveMany(null, ['o1', 'o2'])).toEqual(
            new Map([
                ['o1', 'second'],
                ['o2', 'fourth'],
            ]),
        );
    }
});

it('finishes a pending batch before close', async () => {
    const cache = await open({ prefix: '', request_timeout: 30_000 });
    const storing = cache.storeMany(null, numbered(20_000), 50_000);
    await cache.close(null);
    await storing;
    const again = await open({ prefix: '' });
    expect((await again.retrieveMany(null, numbered(20_000).keys())).size).toBe(20_000);
});
