import type { MemcachedCache } from '../../src/cache/MemcachedCache';
import { BatchException } from '../../src/cache/errors';
import { FaultProxy, passing } from '../support/proxy/FaultProxy';
import { losing, losses } from '../support/proxy/loseNext';
import { codeOf, openCache } from '../support/openCache';
import { RecordingLogger } from '../support/RecordingLogger';
import { MemcachedProcess } from '../support/server/MemcachedProcess';
import { RecordingProxy } from '../support/proxy/RecordingProxy';
import { readItem, readStat, writeItem } from '../support/server/textProtocol';

const NOOP = 0x0a;

let servers: MemcachedProcess[];
let server: MemcachedProcess;
const caches: MemcachedCache[] = [];

beforeAll(async () => {
    servers = await Promise.all([MemcachedProcess.start(), MemcachedProcess.start(), MemcachedProcess.start()]);
    server = servers[0]!;
});

afterAll(() => Promise.all(servers.map(one => one.end())));
afterEach(() => Promise.all(caches.splice(0).map(cache => cache.close(null))));

let count = 0;
const prefixOf = () => `b${process.pid}-${count++}:`;

async function open(more: Record<string, unknown> = {}, at: unknown = server, logger = new RecordingLogger()) {
    const options = { max_size: 0, prefix: prefixOf(), request_timeout: 10_000, ...more };
    const cache = await openCache(at as MemcachedProcess, options, logger.references());
    caches.push(cache);
    return cache;
}

const numbered = (n: number, of = (i: number): unknown => i) =>
    new Map<string, unknown>(Array.from({ length: n }, (_, i) => [`key${i}`, of(i)]));

describe('what was stored is found', () => {
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
    ])('given as %s', async (_, form) => {
        const cache = await open();
        const entries: [string, unknown][] = [
            ['text', 'žluťoučký'],
            ['object', { a: [1, null] }],
            ['false', false],
            ['zero', 0],
            ['empty', ''],
            ['bytes', Buffer.from([0, 255])],
        ];
        expect(await cache.storeMany(null, form(entries), 5000)).toBeUndefined();
        const keys = entries.map(([key]) => key);
        const found = await cache.retrieveMany(null, ['nobody', ...keys.reverse(), 'nothing']);
        // In the order in which the keys were given, without those that are not there.
        expect([...found]).toEqual(entries.reverse());
        for (const [key, value] of entries) expect(await cache.retrieve(null, key)).toEqual(value);
    });

    it('keys may come from any iterable, and twice', async () => {
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

    it('of a key that comes twice the last value counts', async () => {
        const cache = await open();
        await cache.storeMany(null, [
            ['a', 1],
            ['b', 1],
            ['a', 2],
            ['b', null],
        ]);
        expect(await cache.retrieveMany(null, ['a', 'b'])).toEqual(new Map([['a', 2]]));
    });

    it('keys that objects have by birth are keys like others', async () => {
        const cache = await open();
        const keys = ['__proto__', 'constructor', 'toString'];
        await cache.storeMany(
            null,
            keys.map(key => [key, key] as const),
        );
        expect([...(await cache.retrieveMany(null, keys))]).toEqual(keys.map(key => [key, key]));
    });

    it('null and undefined remove', async () => {
        const cache = await open();
        await cache.storeMany(null, { a: 1, b: 2, c: 3 });
        await cache.storeMany(null, { a: null, b: 4, c: undefined });
        expect(await cache.retrieveMany(null, ['a', 'b', 'c'])).toEqual(new Map([['b', 4]]));
    });

    it('until its time is over', async () => {
        const cache = await open({ prefix: 'ttl:' });
        await cache.storeMany(null, { a: 1 }, 100_000);
        expect((await readItem(server, 'ttl:a'))!.ttl).toBeGreaterThan(97);
        expect((await readItem(server, 'ttl:a'))!.ttl).toBeLessThanOrEqual(100);
    });

    it('what is no value of ours is a miss', async () => {
        const cache = await open({ prefix: 'g:' });
        await cache.storeMany(null, { a: 1 });
        await writeItem(server, 'g:b', '{no json');
        expect(await cache.retrieveMany(null, ['a', 'b'])).toEqual(new Map([['a', 1]]));
    });

    it('removeMany removes these and no others', async () => {
        const cache = await open();
        await cache.storeMany(null, { a: 1, b: 2, c: 3 });
        expect(await cache.removeMany(null, ['c', 'a', 'nobody', 'a'])).toBeUndefined();
        expect(await cache.retrieveMany(null, ['a', 'b', 'c'])).toEqual(new Map([['b', 2]]));
    });

    it('nothing is done with nothing, and no server is asked', async () => {
        const proxy = await RecordingProxy.start(server);
        const cache = await open({ prefix: '' }, proxy);
        const before = proxy.writes.length;
        expect(await cache.retrieveMany(null, [])).toEqual(new Map());
        await cache.storeMany(null, {});
        await cache.storeMany(null, []);
        await cache.removeMany(null, new Set());
        expect(proxy.writes.length).toBe(before);
        await cache.close(null);
        await proxy.end();
    });
});

it('100,000 keys on three servers', async () => {
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
});

it('a batch is one write per server', async () => {
    const proxies = await Promise.all(servers.map(one => RecordingProxy.start(one)));
    const cache = await open({ prefix: '' }, proxies);
    const keys = Array.from({ length: 300 }, (_, i) => `w${count}-${i}`);
    const entries = new Map(keys.map(key => [key, key]));
    for (const verb of [
        () => cache.storeMany(null, entries),
        () => cache.retrieveMany(null, keys),
        () => cache.removeMany(null, keys),
    ]) {
        for (const proxy of proxies) proxy.writes.length = 0;
        await verb();
        expect(proxies.map(({ writes }) => writes.length)).toEqual([1, 1, 1]);
        // A NOOP ends it: everything before is quiet.
        for (const { writes } of proxies) expect(writes[0]![writes[0]!.length - 23]).toBe(NOOP);
    }
    await cache.close(null);
    await Promise.all(proxies.map(proxy => proxy.end()));
});

it('of a large batch only a part is on its way at a time', async () => {
    const proxy = await RecordingProxy.start();
    const behind = await RecordingProxy.start(server);
    const cache = await open({ prefix: '', request_timeout: 500 }, [behind]);
    await cache.close(null);
    await behind.end();
    const silent = await openCache(proxy, { fail_soft: true, request_timeout: 300 });
    caches.push(silent);
    const value = 'x'.repeat(10_000);
    await silent.storeMany(
        null,
        numbered(20_000, () => value),
    );
    const sent = proxy.writes.reduce((sum, write) => sum + write.length, 0);
    // 200 MB are not: what nobody has answered is not followed by more.
    expect(sent).toBeLessThan(16 * 2 ** 20);
    await silent.close(null);
    await proxy.end();
});

describe('a server that is away', () => {
    async function withOneDead(more: Record<string, unknown>, logger?: RecordingLogger) {
        const dying = await MemcachedProcess.start();
        const cache = await open({ failures: 1, prefix: '', ...more }, [server, servers[1]!, dying], logger);
        const entries = new Map(Array.from({ length: 300 }, (_, i) => [`d${count}-${i}`, i] as const));
        count++;
        await cache.storeMany(null, entries, 60_000);
        const lost = new Set<string>();
        for (const key of entries.keys()) if ((await readItem(dying, key)) !== null) lost.add(key);
        expect(lost.size).toBeGreaterThan(20);
        await dying.kill();
        return { cache, entries, lost, dying };
    }

    const failure = (promise: Promise<unknown>) =>
        promise.then(
            () => Promise.reject(new Error('it did not fail')),
            (error: BatchException) => error,
        );

    it('retrieveMany says which keys failed, and has what came', async () => {
        const { cache, entries, lost, dying } = await withOneDead({});
        const error = await failure(cache.retrieveMany('trace', entries.keys()));
        expect(error).toBeInstanceOf(BatchException);
        expect(error).toMatchObject({ code: 'BATCH_FAILED', trace_id: 'trace' });
        expect(new Set(error.failed.keys())).toEqual(lost);
        for (const one of error.failed.values()) {
            expect((one as { code?: string }).code).toMatch(/^(SERVER_DOWN|CONNECTION_LOST)$/);
            expect(one).toMatchObject({ trace_id: 'trace' });
        }
        expect(error.found).toEqual(new Map([...entries].filter(([key]) => !lost.has(key))));
        expect(error.message).toMatch(new RegExp(`^${lost.size} of 300 keys failed`));
        await dying.end();
    });

    it('storeMany and removeMany do the others, and say which failed', async () => {
        const { cache, entries, lost, dying } = await withOneDead({});
        const more = new Map([...entries.keys()].map((key, i) => [key, i % 2 ? 'new' : null] as const));
        const stored = await failure(cache.storeMany(null, more));
        expect(new Set(stored.failed.keys())).toEqual(lost);
        expect(stored.found.size).toBe(0);
        const there = [...more].filter(([key]) => !lost.has(key));
        const found = (await failure(cache.retrieveMany(null, entries.keys()))).found;
        expect(found).toEqual(new Map(there.filter(([, value]) => value !== null)));
        const removed = await failure(cache.removeMany(null, entries.keys()));
        expect(new Set(removed.failed.keys())).toEqual(lost);
        expect((await failure(cache.retrieveMany(null, entries.keys()))).found.size).toBe(0);
        await dying.end();
    });

    it('with fail_soft they are misses, and the rest is there', async () => {
        const logger = new RecordingLogger();
        const { cache, entries, lost, dying } = await withOneDead({ fail_soft: true }, logger);
        const found = await cache.retrieveMany(null, entries.keys());
        expect(found).toEqual(new Map([...entries].filter(([key]) => !lost.has(key))));
        await cache.storeMany(null, entries);
        await cache.removeMany(null, entries.keys());
        expect(logger.count(/goes on without a cache/)).toBeGreaterThan(0);
        await dying.end();
    });

    it('with fail_soft nothing is found while all are away, and mistakes stay errors', async () => {
        const alone = await MemcachedProcess.start();
        const cache = await open({ fail_soft: true, failures: 1 }, alone);
        await alone.kill();
        expect(await cache.retrieveMany(null, ['a', 'b'])).toEqual(new Map());
        await cache.storeMany(null, { a: 1, b: null });
        await cache.removeMany(null, ['a']);
        expect(await codeOf(cache.retrieveMany(null, ['b d']))).toBe('INVALID_KEY');
        expect(await codeOf(cache.storeMany(null, { a: 5n }))).toBe('NOT_SERIALIZABLE');
        expect(await codeOf(cache.storeMany(null, { a: 'x'.repeat(2 ** 20 + 1) }))).toBe('VALUE_TOO_LARGE');
        expect(await codeOf(cache.removeMany(null, 5 as never))).toBe('INVALID_BATCH');
        await alone.end();
    });
});

describe.each(losses)('when %s of a batch is lost, followed by %s,', (point, end) => {
    const GET_QUIETLY = 0x09;
    const SET_QUIETLY = 0x11;
    const DELETE_QUIETLY = 0x14;
    const entries = numbered(500, i => ({ i }));

    async function through(opcode: number, use: (cache: MemcachedCache) => Promise<unknown>): Promise<unknown> {
        const proxy = await FaultProxy.start(server.port);
        const options = { prefix: 'loss:', generation_ttl: 0, request_timeout: 400 };
        const cache = await open(options, { host: '127.0.0.1', port: proxy.port });
        proxy.begin(losing(opcode, point, end));
        const answer = await use(cache).catch((error: unknown) => error);
        proxy.begin(passing);
        await cache.close(null);
        await proxy.close();
        return answer;
    }

    const ofEntries = async (): Promise<MemcachedCache> => {
        const cache = await open({ prefix: 'loss:' });
        await cache.storeMany(null, entries);
        return cache;
    };

    it('retrieveMany has everything when tried again, or says what it has not', async () => {
        await ofEntries();
        const answer = await through(GET_QUIETLY, cache => cache.retrieveMany(null, entries.keys()));
        // Of many replies the second half-way makes nonsense: then it is tried again.
        if (end === 'a reset' || answer instanceof Map) return expect(answer).toEqual(entries);
        const { failed, found } = answer as BatchException;
        expect(failed.size + found.size).toBe(500);
        for (const error of failed.values()) expect(error).toMatchObject({ code: 'TIMEOUT' });
        for (const [key, value] of found) expect(value).toEqual(entries.get(key));
    });

    it('storeMany and removeMany are done when they say so', async () => {
        const cache = await ofEntries();
        const more = numbered(500, i => -1 - i);
        const stored = await through(SET_QUIETLY, one => one.storeMany(null, more));
        if (end === 'a reset') {
            expect(stored).toBeUndefined();
            expect(await cache.retrieveMany(null, more.keys())).toEqual(more);
        } else expect((stored as BatchException).failed.size).toBe(500);
        const removed = await through(DELETE_QUIETLY, one => one.removeMany(null, more.keys()));
        if (end === 'a reset') {
            expect(removed).toBeUndefined();
            expect((await cache.retrieveMany(null, more.keys())).size).toBe(0);
        } else expect((removed as BatchException).failed.size).toBe(500);
    });
});

it('a batch with removals takes one request_timeout of a silent server, not two', async () => {
    const proxy = await RecordingProxy.start();
    const options = { prefix: '', fail_soft: true, request_timeout: 1000 };
    const cache = await open({ ...options, failures: 1000 }, proxy);
    const begun = performance.now();
    await cache.storeMany(null, { a: 1, b: null });
    expect(performance.now() - begun).toBeLessThan(1900);
    await cache.close(null);
    await proxy.end();
});

it('what memcached refuses is said key by key, and the others are stored', async () => {
    const small = await MemcachedProcess.start({ maxItemBytes: 1024 * 1024 });
    const cache = await open({ max_value: 2 ** 22, fail_soft: true }, small);
    const stored = cache.storeMany(null, { a: 1, b: 'x'.repeat(2 ** 20), c: 3 });
    await expect(stored).rejects.toMatchObject({ code: 'BATCH_FAILED' });
    const error = await stored.catch((reason: BatchException) => reason);
    expect([...(error as BatchException).failed.keys()]).toEqual(['b']);
    expect((error as BatchException).failed.get('b')).toMatchObject({ code: 'VALUE_TOO_LARGE' });
    expect(await cache.retrieveMany(null, ['a', 'b', 'c'])).toEqual(
        new Map([
            ['a', 1],
            ['c', 3],
        ]),
    );
    await cache.close(null);
    await small.end();
});

describe('bad input: nothing is done', () => {
    const boom = new Error('boom');
    const halfWay = function* <T>(one: T): Generator<T> {
        yield one;
        throw boom;
    };
    const holes: string[] = ['kept'];
    holes[2] = 'other';
    const badKeys: [string, unknown, string][] = [
        ['a text', 'kept', 'INVALID_BATCH'],
        ['null', null, 'INVALID_BATCH'],
        ['undefined', undefined, 'INVALID_BATCH'],
        ['a number', 5, 'INVALID_BATCH'],
        ['a symbol', Symbol('s'), 'INVALID_BATCH'],
        ['a function', () => ['kept'], 'INVALID_BATCH'],
        ['an object', { 0: 'kept', length: 1 }, 'INVALID_BATCH'],
        ['a promise', Promise.resolve(['kept']), 'INVALID_BATCH'],
        ['a list with a hole', holes, 'INVALID_KEY'],
        ['a list with null', ['kept', null], 'INVALID_KEY'],
        ['a list with a symbol', ['kept', Symbol('s')], 'INVALID_KEY'],
        ['a list with an empty key', ['kept', ''], 'INVALID_KEY'],
        ['a list with white space', ['kept', 'b d'], 'INVALID_KEY'],
        ['a list with a key that is too long', ['kept', 'k'.repeat(251)], 'INVALID_KEY'],
        ['a list with half a surrogate pair', ['kept', '\ud800'], 'INVALID_KEY'],
        ['a list with #generation', ['kept', '#generation'], 'INVALID_KEY'],
        ['a Buffer', Buffer.from('kept'), 'INVALID_KEY'],
        ['a Map of entries', new Map([['kept', 1]]), 'INVALID_KEY'],
    ];

    it.each(badKeys)('keys that are %s', async (_, keys, code) => {
        const cache = await open();
        await cache.store(null, 'kept', 1, 5000);
        expect(await codeOf(cache.retrieveMany('trace', keys as never))).toBe(code);
        expect(await codeOf(cache.removeMany('trace', keys as never))).toBe(code);
        expect(await cache.retrieve(null, 'kept')).toBe(1);
    });

    const cycle: unknown[] = [];
    cycle.push(cycle);
    const badEntries: [string, unknown, string][] = [
        ['null', null, 'INVALID_BATCH'],
        ['a text', 'kept', 'INVALID_BATCH'],
        ['a number', 5, 'INVALID_BATCH'],
        ['a function', () => 5, 'INVALID_BATCH'],
        ['a promise', Promise.resolve({ kept: 2 }), 'INVALID_BATCH'],
        ['a date', new Date(), 'INVALID_BATCH'],
        ['an error', new Error('kept'), 'INVALID_BATCH'],
        ['an instance', new (class Kept {})(), 'INVALID_BATCH'],
        ['keys without values', ['kept', 'more'], 'INVALID_BATCH'],
        ['entries of one', [['kept', 2], ['more']], 'INVALID_BATCH'],
        ['entries of three', [['kept', 2, 3]], 'INVALID_BATCH'],
        ['entries with a hole', [['kept', 2], , ['more', 3]], 'INVALID_BATCH'],
        ['a Buffer', Buffer.from('kept'), 'INVALID_BATCH'],
        ['a Set of keys', new Set(['kept']), 'INVALID_BATCH'],
        [
            'a Map with keys that are no texts',
            new Map<unknown, unknown>([
                ['kept', 2],
                [1, 1],
            ]),
            'INVALID_KEY',
        ],
        ['a key with white space, first', { 'b d': 1, kept: 2 }, 'INVALID_KEY'],
        ['a key with white space, last', { kept: 2, 'b d': 1 }, 'INVALID_KEY'],
        ['a key with white space that is to be removed', { kept: 2, 'b d': null }, 'INVALID_KEY'],
        ['#generation', { kept: 2, '#generation': 5 }, 'INVALID_KEY'],
        ['a bigint', { kept: 2, more: 5n }, 'NOT_SERIALIZABLE'],
        ['a cycle', { kept: 2, more: cycle }, 'NOT_SERIALIZABLE'],
        ['NaN', { kept: null, more: NaN }, 'NOT_SERIALIZABLE'],
        ['a value that is too large', { kept: 2, more: 'x'.repeat(2 ** 20 + 1) }, 'VALUE_TOO_LARGE'],
    ];

    it.each(badEntries)('entries that are %s', async (_, entries, code) => {
        const cache = await open({ max_size: 1 });
        await cache.store(null, 'kept', 1, 5000);
        expect(await codeOf(cache.storeMany('trace', entries as never))).toBe(code);
        expect(await cache.retrieve(null, 'kept')).toBe(1);
        expect(await cache.retrieve(null, 'more')).toBeNull();
    });

    it('an iterator that throws half-way: its own error', async () => {
        const cache = await open();
        await cache.store(null, 'kept', 1, 5000);
        await expect(cache.retrieveMany('trace', halfWay('kept'))).rejects.toBe(boom);
        await expect(cache.removeMany('trace', halfWay('kept'))).rejects.toBe(boom);
        await expect(cache.storeMany('trace', halfWay(['kept', 2] as const))).rejects.toBe(boom);
        await expect(
            cache.storeMany('trace', {
                kept: 2,
                get more() {
                    throw boom;
                },
            }),
        ).rejects.toBe(boom);
        const proxy = new Proxy([], {
            get: () => {
                throw null as unknown as Error;
            },
            has: () => true,
        });
        await expect(cache.retrieveMany('trace', proxy)).rejects.toBeNull();
        expect(await cache.retrieve(null, 'kept')).toBe(1);
    });

    it.each(['x', NaN.toString(), {}, true, 5n, Symbol('s')])('a timeout that is %p', async timeout => {
        const cache = await open();
        expect(await codeOf(cache.storeMany(null, { a: 1 }, timeout as never))).toBe('INVALID_TTL');
        expect(await cache.retrieve(null, 'a')).toBeNull();
    });

    it('before open, and after close', async () => {
        const cache = await open();
        await cache.close(null);
        for (const closed of [cache, new (cache.constructor as new () => MemcachedCache)()]) {
            expect(await codeOf(closed.retrieveMany('trace', ['a']))).toBe('NOT_OPENED');
            expect(await codeOf(closed.storeMany('trace', { a: 1 }))).toBe('NOT_OPENED');
            expect(await codeOf(closed.storeMany('trace', { a: null }))).toBe('NOT_OPENED');
            expect(await codeOf(closed.removeMany('trace', ['a']))).toBe('NOT_OPENED');
            expect(await codeOf(closed.retrieveMany('trace', []))).toBe('NOT_OPENED');
        }
    });

    it.each([5, {}, [], () => {}, Symbol('s')])('a context that is %p does not matter', async context => {
        const cache = await open();
        const strange = context as never;
        await cache.storeMany(strange, { a: 1 });
        expect(await cache.retrieveMany(strange, ['a'])).toEqual(new Map([['a', 1]]));
        expect(await codeOf(cache.retrieveMany(strange, ['b d']))).toBe('INVALID_KEY');
        await cache.removeMany(strange, ['a']);
    });
});

describe('max_size', () => {
    const held = async (prefix: string, keys: Iterable<string>) => {
        const found = [];
        for (const key of keys) if ((await readItem(server, prefix + key)) !== null) found.push(key);
        return found.sort();
    };
    const open3 = async (maxSize: number) => {
        const prefix = prefixOf();
        return { prefix, cache: await open({ prefix: prefix, max_size: maxSize }) };
    };

    it('what a batch stores counts, and the oldest go', async () => {
        const { prefix, cache } = await open3(3);
        await cache.store(null, 'a', 1);
        await cache.storeMany(null, { b: 1, c: 1 });
        await cache.storeMany(null, { d: 1, a: 2 });
        expect(await held(prefix, 'abcd')).toEqual(['a', 'c', 'd']);
        await cache.store(null, 'e', 1);
        expect(await held(prefix, 'abcde')).toEqual(['a', 'd', 'e']);
    });

    it('of a batch that is larger the last ones stay, and what the others held goes', async () => {
        const { prefix, cache } = await open3(3);
        await cache.storeMany(null, { a: 'old', b: 'old' });
        await cache.storeMany(null, { a: 'new', b: 'new', c: 1, d: 1, e: 1 });
        expect(await held(prefix, 'abcde')).toEqual(['c', 'd', 'e']);
    });

    it('there are never more on the server than may be', async () => {
        const { prefix, cache } = await open3(50);
        const before = await readStat(server, 'curr_items');
        await cache.storeMany(null, numbered(5000));
        expect((await readStat(server, 'curr_items')) - before).toBe(50);
        expect(await held(prefix, ['key0', 'key4949', 'key4950', 'key4999'])).toEqual(['key4950', 'key4999']);
    });

    it('what a batch removes makes room', async () => {
        const { prefix, cache } = await open3(2);
        await cache.storeMany(null, { a: 1, b: 1 });
        await cache.removeMany(null, ['a']);
        await cache.store(null, 'c', 1);
        expect(await held(prefix, 'abc')).toEqual(['b', 'c']);
        await cache.storeMany(null, { b: null, d: 1 });
        expect(await held(prefix, 'abcd')).toEqual(['c', 'd']);
    });

    it('a batch that is refused costs nobody anything', async () => {
        const { prefix, cache } = await open3(2);
        await cache.storeMany(null, { a: 1, b: 1 });
        expect(await codeOf(cache.storeMany(null, { c: 1, d: 'x'.repeat(2 ** 20 + 1) }))).toBe('VALUE_TOO_LARGE');
        expect(await codeOf(cache.storeMany(null, { c: 1, 'b d': null }))).toBe('INVALID_KEY');
        expect(await held(prefix, 'abcd')).toEqual(['a', 'b']);
        await cache.store(null, 'c', 1);
        expect(await held(prefix, 'abc')).toEqual(['b', 'c']);
    });

    it('what could not be removed still counts', async () => {
        const own = await MemcachedProcess.start();
        const proxy = await RecordingProxy.start(own);
        const options = { max_size: 2, prefix: '', retries: 0, failures: 100 };
        const cache = await open(options, proxy);
        await cache.storeMany(null, { a: 1, b: 1 });
        proxy.cutting = 1;
        expect(await codeOf(cache.removeMany(null, ['a', 'b']))).toBe('BATCH_FAILED');
        proxy.cutting = 1;
        expect(await codeOf(cache.remove(null, 'a'))).toBe('CONNECTION_LOST');
        await cache.storeMany(null, { c: 1, d: 1 });
        expect(await readStat(own, 'curr_items')).toBe(2);
        expect(await cache.retrieveMany(null, 'abcd'.split(''))).toEqual(
            new Map([
                ['c', 1],
                ['d', 1],
            ]),
        );
        await cache.close(null);
        await proxy.end();
        await own.end();
    });
});

it('what is asked for without waiting is done in this order', async () => {
    for (const more of [{}, { prefix: '' }, { compress_min: 10, max_size: 100 }]) {
        const cache = await open(more);
        await cache.retrieve(null, 'o1');
        const long = 'l'.repeat(5000);
        void cache.store(null, 'o1', long, 5000);
        void cache.remove(null, 'o1');
        const first = cache.storeMany(null, { o1: long, o2: long }, 5000);
        const second = cache.store(null, 'o1', 'second', 5000);
        const third = cache.removeMany(null, ['o2']);
        const fourth = cache.storeMany(null, { o2: 'fourth' }, 5000);
        await Promise.all([first, second, third, fourth]);
        expect(await cache.retrieveMany(null, ['o1', 'o2'])).toEqual(
            new Map([
                ['o1', 'second'],
                ['o2', 'fourth'],
            ]),
        );
    }
});

it('close waits for a batch that is under way', async () => {
    const cache = await open({ prefix: '', request_timeout: 30_000 });
    const storing = cache.storeMany(null, numbered(20_000), 5000);
    await cache.close(null);
    await storing;
    const again = await open({ prefix: '' });
    expect((await again.retrieveMany(null, numbered(20_000).keys())).size).toBe(20_000);
});
