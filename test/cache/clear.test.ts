import type { MemcachedCache } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { requestsIn, verbOfReply } from '../support/proxy/messages';
import { readItem, writeItem } from '../support/server/textProtocol';
import { configOf, type Servers, type Settings } from '../support/settings';
import { sleep } from '../support/sleep';

const server = useServer();
const opener = useOpener();
let count = 0;

/** Returns a service whose instances share a prefix that no other test uses. */
function service() {
    const prefix = `clear${count++}:`;
    const open = (settings: Settings = {}, at: Servers = server) =>
        opener.cache(at, { prefix, clear: true, max_size: 0, request_timeout: 10_000, ...settings });
    return { prefix, open };
}

const KEYS = ['a', 'b', 'c', 'd', 'e'];
const of = (value: unknown) => new Map(KEYS.map(key => [key, value]));

describe('clear', () => {
    it('requires options.clear and a prefix', async () => {
        const { open } = service();
        for (const settings of [{ clear: false }, { prefix: '' }]) {
            const cache = await open(settings);
            await cache.store(null, 'key', 1, 50_000);
            await expect(cache.clear('trace')).rejects.toMatchObject({ code: 'NO_PREFIX', trace_id: 'trace' });
            expect(await cache.retrieve(null, 'key')).toBe(1);
        }
    });

    it('makes all keys under its prefix unreachable, and keeps 10,000 keys of another prefix', async () => {
        const { open, prefix } = service();
        const [one, other] = [await open(), await open({ prefix: `${prefix}other:` })];
        const entries = new Map(Array.from({ length: 10_000 }, (_, i) => [`key${i}`, i] as const));
        await one.storeMany(null, entries);
        await other.storeMany(null, entries);
        expect(await one.clear(null)).toBeUndefined();
        expect((await one.retrieveMany(null, entries.keys())).size).toBe(0);
        expect(await other.retrieveMany(null, entries.keys())).toEqual(entries);
    });

    it.each<[string, (cache: MemcachedCache) => Promise<unknown>, unknown]>([
        ['retrieve', cache => cache.retrieve(null, 'a'), null],
        ['retrieveMany', cache => cache.retrieveMany(null, KEYS), new Map()],
        ['retrieveAndTouch', cache => cache.retrieveAndTouch(null, 'a'), null],
        ['contains', cache => cache.contains(null, 'a'), false],
        ['touch', cache => cache.touch(null, 'a'), false],
        ['remove', cache => cache.remove(null, 'a'), null],
        ['replace', cache => cache.replace(null, 'a', 1), false],
        ['add', cache => cache.add(null, 'a', 1), true],
        ['increment', cache => cache.increment(null, 'a', 1, { initial: 5 }), 5],
        ['decrement', cache => cache.decrement(null, 'a'), null],
        ['append', cache => cache.append(null, 'a', 'x'), false],
        ['update', cache => cache.update(null, 'a', old => old ?? 'nothing'), 'nothing'],
        ['retrieveOrLoad', cache => cache.retrieveOrLoad(null, 'a', 50_000, () => 'loaded'), 'loaded'],
        [
            'retrieveOrLoad with staleFor',
            cache => cache.retrieveOrLoad(null, 'a', 50_000, () => 'loaded', { staleFor: 1000 }),
            'loaded',
        ],
    ])('makes %s of another instance miss the old values at once', async (_, perform, expected) => {
        const { open } = service();
        const [one, other] = [await open(), await open()];
        await other.storeMany(null, of('old'));
        await one.clear(null);
        expect(await perform(other)).toEqual(expected);
    });

    it('keeps later stores and removals of another instance', async () => {
        const { open } = service();
        const [one, other] = [await open(), await open()];
        await other.storeMany(null, of('old'));
        await one.clear(null);
        await one.storeMany(null, of('new'));
        await other.store(null, 'a', 1, 50_000);
        expect(await other.remove(null, 'b')).toBe('new');
        await one.clear(null);
        await one.storeMany(null, of('newer'));
        await other.storeMany(null, { a: 2, b: null }, 50_000);
        await one.clear(null);
        await one.storeMany(null, of('newest'));
        await other.removeMany(null, ['c']);
        await other.store(null, 'd', 3, 50_000);
        const expected = new Map(Object.entries({ a: 'newest', b: 'newest', d: 3, e: 'newest' }));
        for (const cache of [one, other, await open()]) expect(await cache.retrieveMany(null, KEYS)).toEqual(expected);
    });

    it('leaves all instances with the same token when several instances clear at once', async () => {
        const { open } = service();
        const all = await Promise.all(Array.from({ length: 5 }, () => open()));
        for (let round = 0; round < 5; round++) {
            await Promise.all(all.map((one, i) => one.store(null, KEYS[i]!, round, 50_000)));
            await Promise.all(all.flatMap(one => [one.clear(null), one.clear(null)]));
            for (const one of all) expect((await one.retrieveMany(null, KEYS)).size).toBe(0);
            const won = await Promise.all(all.map(one => one.add(null, 'job', 1)));
            expect(won.filter(isWon => isWon)).toHaveLength(1);
            const counted = await Promise.all(all.map(one => one.increment(null, 'n', 1, { initial: 1 })));
            expect(counted.sort()).toEqual([1, 2, 3, 4, 5]);
        }
    });

    it('loses no write and restores no value while instances write and clear at random', async () => {
        const { open } = service();
        const all = await Promise.all(Array.from({ length: 4 }, () => open()));
        let current = 0;
        let clears = 0;
        const wrong: string[] = [];
        const endMs = performance.now() + 2000;
        const write = async () => {
            while (performance.now() < endMs) {
                const value = ++current;
                const cache = all[value % 4]!;
                if (value % 3 === 0) await cache.remove(null, 'key');
                else await cache.store(null, 'key', value, 50_000);
                for (const reader of all) {
                    const found = (await reader.retrieve(null, 'key')) as number | null;
                    if (found !== null && found !== value) wrong.push(`${found} after ${value}`);
                }
            }
        };
        const clear = async () => {
            while (performance.now() < endMs) {
                await sleep(Math.random() * 5);
                await all[clears++ % 4]!.clear(null);
            }
        };
        await Promise.all([write(), clear(), clear()]);
        expect(wrong).toEqual([]);
        expect([current > 100, clears > 50]).toEqual([true, true]);
    });

    it('fails no concurrent call', async () => {
        const { open } = service();
        const one = await open({ compress_min: 100 });
        const long = 'x'.repeat(100_000);
        for (let round = 0; round < 20; round++) {
            await Promise.all([
                one.store(null, 'plain', round, 50_000),
                one.store(null, 'packed', long, 50_000),
                one.storeMany(null, { a: 1, b: long }),
                one.update<number>(null, 'n', value => (value ?? 0) + 1),
                one.clear(null),
                one.update<number>(null, 'n', value => (value ?? 0) + 1),
                one.retrieveMany(null, ['plain', 'packed', 'a']),
            ]);
            await one.clear(null);
            expect((await one.retrieveMany(null, ['plain', 'packed', 'a', 'b', 'n'])).size).toBe(0);
        }
    });

    it('frees the room of the cleared keys within max_size', async () => {
        const { open } = service();
        const [one, other] = [await open({ max_size: 2 }), await open()];
        for (const cache of [one, other]) {
            await one.clear(null);
            await one.storeMany(null, { a: 1, b: 1 });
            await cache.clear(null);
            expect(await one.retrieve(null, 'a')).toBeNull();
            await one.storeMany(null, { c: 1, d: 1 });
            expect([...(await one.retrieveMany(null, KEYS)).keys()]).toEqual(['c', 'd']);
        }
        expect(one.getStats().evicted).toBe(0);
    });

    it('prevents the store of a value whose load begins earlier', async () => {
        const { open } = service();
        const [one, other] = [await open(), await open()];
        let finish: (value: string) => void = () => {};
        let loads = 0;
        const load = () => {
            loads++;
            return new Promise<string>(resolve => (finish = resolve));
        };
        const loading = other.retrieveOrLoad(null, 'key', 50_000, load);
        while (loads === 0) await sleep(1);
        await one.clear(null);
        finish('before');
        expect(await loading).toBe('before');
        await other.store(null, 'another', 1, 50_000);
        expect(await one.retrieve(null, 'key')).toBeNull();
        expect(await other.retrieve(null, 'key')).toBeNull();
        expect(other.getStats().storeFailures).toBe(0);
        expect(opener.logger.lines).toEqual([]);
    });

    it('leaves no stale value in memory', async () => {
        const { open } = service();
        const proxy = await opener.recordingProxy(server);
        const [one, other] = [await open(), await open({ request_timeout: 300, failures: 100 }, proxy)];
        const options = { staleFor: 50_000, jitter: 0 };
        await one.retrieveOrLoad(null, 'key', 1, () => 'old', options);
        await sleep(5);
        let finish: (value: string) => void = () => {};
        const load = () => new Promise<string>(resolve => (finish = resolve));
        expect(await other.retrieveOrLoad(null, 'key', 1, load, options)).toBe('old');
        await one.clear(null);
        proxy.cutting = 100;
        const later = other.retrieveOrLoad(null, 'key', 50_000, load, options);
        await sleep(20);
        finish('new');
        expect(await later).toBe('new');
    });
});

describe('a request of a cache with options.clear', () => {
    const tokenKey = (prefix: string) => `${prefix}#namespace`;

    it('reads the token after its command in the same write', async () => {
        const { open, prefix } = service();
        const proxy = await opener.recordingProxy(server);
        const cache = await open({}, proxy);
        await cache.store(null, 'key', 1, 50_000);
        const token = (await readItem(server, tokenKey(prefix)))!.value;
        expect(token).toMatch(/^[\w-]{8}$/);
        proxy.writes.length = 0;
        expect(await cache.retrieve(null, 'key')).toBe(1);
        await cache.store(null, 'key', 2, 50_000);
        await cache.retrieveMany(null, ['key', 'none']);
        const full = (key: string) => `${prefix}#${token}:${key}`;
        expect(proxy.writes.map(write => requestsIn(write).map(({ verb, key }) => [verb, key]))).toEqual([
            [
                ['get', full('key')],
                ['get', tokenKey(prefix)],
            ],
            [
                ['set', full('key')],
                ['get', tokenKey(prefix)],
            ],
            [
                ['get', full('key')],
                ['get', full('none')],
                ['noop', ''],
                ['get', tokenKey(prefix)],
            ],
        ]);
    });

    it('fails when no token confirms its reply', async () => {
        const { open } = service();
        const proxy = await opener.faultProxy(server);
        const [one, other] = [await open(), await open({ request_timeout: 300, failures: 100 }, proxy)];
        await other.storeMany(null, of('old'));
        await one.clear(null);
        proxy.begin({
            reply: (link, frame) => {
                if (verbOfReply(frame) !== 'get') link.toClient(frame);
            },
        });
        const failing = other.retrieveMany(null, KEYS);
        await expect(failing).rejects.toMatchObject({ code: 'BATCH_FAILED', found: new Map() });
        expect(await codeOf(other.remove(null, 'a'))).toMatch(/TIMEOUT|CONNECTION_LOST/);
        proxy.begin({});
        expect((await other.retrieveMany(null, KEYS)).size).toBe(0);
    });

    describe('when the connection ends between the reply and the token', () => {
        async function prepare() {
            const { open } = service();
            const proxy = await opener.faultProxy(server);
            const [one, other] = [await open(), await open({}, proxy)];
            await other.storeMany(null, of('old'));
            await one.clear(null);
            let frames = 0;
            proxy.begin({
                reply: (link, frame) => {
                    if (++frames === 1) return link.toClient(frame);
                    // The delay lets the client read the reply before the end of the connection.
                    void sleep(5).then(() => {
                        link.end();
                        proxy.begin({});
                    });
                },
            });
            return { one, other };
        }

        it('does not find a cleared key', async () => {
            const { other } = await prepare();
            expect(await other.retrieve(null, 'a')).toBeNull();
        });

        it('finds none of several cleared keys', async () => {
            const { other } = await prepare();
            expect((await other.retrieveMany(null, KEYS)).size).toBe(0);
        });

        it('stores under the current token', async () => {
            const { one, other } = await prepare();
            await other.store(null, 'a', 'new', 50_000);
            expect(await one.retrieve(null, 'a')).toBe('new');
        });

        it('stores many keys under the current token', async () => {
            const { one, other } = await prepare();
            await other.storeMany(null, of('new'));
            expect(await one.retrieveMany(null, KEYS)).toEqual(of('new'));
        });
    });

    it('shares one read of the token with concurrent requests', async () => {
        const { open, prefix } = service();
        const proxy = await opener.recordingProxy(server);
        const cache = await open({}, proxy);
        proxy.writes.length = 0;
        await Promise.all(Array.from({ length: 100 }, (_, i) => cache.retrieve(null, `key${i}`)));
        const asked = requestsIn(proxy.writes[0]!).map(({ verb, key }) => [verb, key]);
        expect(asked).toEqual([['get', tokenKey(prefix)]]);
        expect(proxy.writes.flatMap(requestsIn).filter(({ verb }) => verb === 'add')).toHaveLength(1);
    });

    it('uses the plain key and no token without options.clear', async () => {
        const { open, prefix } = service();
        const proxy = await opener.recordingProxy(server);
        const cache = await open({ clear: false }, proxy);
        proxy.writes.length = 0;
        await cache.store(null, 'key', 1, 50_000);
        await cache.retrieve(null, 'key');
        expect(proxy.writes.flatMap(requestsIn).map(({ key }) => key)).toEqual([`${prefix}key`, `${prefix}key`]);
        expect(await readItem(server, tokenKey(prefix))).toBeNull();
    });

    it('takes effect in the order of the calls', async () => {
        const { open } = service();
        const [one, other] = [await open(), await open()];
        await one.retrieve(null, 'key');
        for (const end of [() => one.store(null, 'key', 'last', 50_000), () => one.storeMany(null, { key: 'last' })]) {
            await Promise.all([
                one.store(null, 'key', 1, 50_000),
                one.storeMany(null, { key: 2, a: 2 }),
                one.remove(null, 'key'),
                one.storeMany(null, { key: 3 }),
                end(),
            ]);
            expect(await other.retrieve(null, 'key')).toBe('last');
        }
    });

    it('replaces an invalid token', async () => {
        const { open, prefix } = service();
        const [one, other] = [await open(), await open()];
        await one.store(null, 'key', 1, 50_000);
        for (const text of ['', 'text', '{"a":"json"}', 'a b\tc d ']) {
            await writeItem(server, tokenKey(prefix), text);
            expect(await one.retrieve(null, 'key')).toBeNull();
            await one.store(null, 'key', text, 50_000);
            expect(await other.retrieve(null, 'key')).toBe(text);
        }
    });

    it('works with a server without CAS', async () => {
        const { open } = service();
        const own = await opener.server({ withoutCas: true });
        const [one, other] = [await open({}, own), await open({}, own)];
        await one.store(null, 'key', 1, 50_000);
        expect(await other.retrieve(null, 'key')).toBe(1);
        await other.clear(null);
        expect(await one.retrieve(null, 'key')).toBeNull();
    });

    it('limits a key to ten bytes less than without options.clear', async () => {
        const { open, prefix } = service();
        const cache = await open();
        const longest = 'k'.repeat(240 - prefix.length);
        await cache.store(null, longest, 1, 50_000);
        expect(await cache.retrieveMany(null, [longest])).toEqual(new Map([[longest, 1]]));
        expect(await codeOf(cache.store(null, `${longest}k`, 1, 50_000))).toBe('INVALID_KEY');
        expect(await codeOf(cache.retrieveMany(null, ['a', `${longest}k`]))).toBe('INVALID_KEY');
    });

    it('accepts a key that looks like a token or like the key of the token', async () => {
        const { open } = service();
        const [one, other] = [await open(), await open()];
        const keys = ['#namespace', '#abcdefgh:key', '#:key', ':abcdefg:key', '#'];
        await one.storeMany(null, new Map(keys.map(key => [key, key])));
        for (const key of keys) expect(await other.retrieve(null, key)).toBe(key);
        await other.clear(null);
        expect((await one.retrieveMany(null, keys)).size).toBe(0);
    });

    it('uses the new prefix or server after close, configure and open', async () => {
        const { open, prefix } = service();
        const [first, second] = [await opener.server(), await opener.server()];
        const cache = await open({}, first);
        await cache.store(null, 'key', 'first', 50_000);
        for (const [at, settings] of [
            [second, { prefix }],
            [first, { prefix: `${prefix}other:` }],
        ] as const) {
            const late = codeOf(cache.retrieve(null, 'key'));
            await cache.close(null);
            await late;
            cache.configure(configOf(at, { clear: true, ...settings }));
            await cache.open(null);
            expect(await cache.retrieve(null, 'key')).toBeNull();
            await cache.store(null, 'key', 'again', 50_000);
            const token = (await readItem(at, tokenKey(settings.prefix)))!.value;
            expect(await readItem(at, `${settings.prefix}#${token}:key`)).toMatchObject({ value: '"again"' });
        }
    });

    it('settles when the cache closes', async () => {
        const { open } = service();
        const silent = await opener.recordingProxy();
        const cache = await open({ fail_soft: true, request_timeout: 200 }, silent);
        const calls = [
            cache.retrieve(null, 'a'),
            cache.retrieveMany(null, ['a']),
            cache.store(null, 'a', 1),
            cache.clear(null),
        ].map(codeOf);
        await cache.close(null);
        expect(await Promise.all(calls)).toHaveLength(4);
    });
});
