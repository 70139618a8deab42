import { MemcachedCache } from '../../src/cache/MemcachedCache';
import { codeOf, openCache } from '../support/openCache';
import { RecordingLogger } from '../support/RecordingLogger';
import { MemcachedProcess } from '../support/server/MemcachedProcess';
import { readItem, writeItem } from '../support/server/textProtocol';

let server: MemcachedProcess;
let logger: RecordingLogger;
let cache: MemcachedCache;
/** Like another process. */
let other: MemcachedCache;
let keys = 0;
let key: string;

const tick = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));
const never = (): Promise<never> => new Promise(() => {});
const notAsked = (): never => {
    throw new Error('the loader must not be called');
};

/** A loader that counts its calls and takes its time. */
function loaderOf<T>(value: T, ms = 0): { calls: number; load: () => Promise<T> } {
    const loader = {
        calls: 0,
        load: async () => {
            loader.calls++;
            await tick(ms);
            return value;
        },
    };
    return loader;
}

beforeAll(async () => {
    server = await MemcachedProcess.start();
    logger = new RecordingLogger();
    [cache, other] = await Promise.all([openCache(server, {}, logger.references()), openCache(server)]);
});

afterAll(async () => {
    await Promise.all([cache.close(null), other.close(null)]);
    await server.end();
});

beforeEach(() => {
    key = `key${++keys}`;
});

describe('A value that is not there', () => {
    it('is loaded, stored as plain JSON, and answered from memcached from then on', async () => {
        const { load } = loaderOf({ a: 1 });
        expect(await cache.retrieveOrLoad(null, key, 30_000, load)).toEqual({ a: 1 });
        expect(await readItem(server, key)).toMatchObject({ value: '{"a":1}', flags: 0 });
        expect(await cache.retrieveOrLoad(null, key, 30_000, notAsked)).toEqual({ a: 1 });
        expect(await other.retrieveOrLoad(null, key, 30_000, notAsked)).toEqual({ a: 1 });
        expect(await other.retrieve(null, key)).toEqual({ a: 1 });
    });

    it('is loaded once for all callers of a process, who get the same object', async () => {
        const loader = loaderOf({ a: 1 }, 50);
        const answers = await Promise.all(
            Array.from({ length: 1000 }, () => cache.retrieveOrLoad(null, key, 30_000, loader.load)),
        );
        expect(loader.calls).toBe(1);
        expect(new Set(answers).size).toBe(1);
    });

    it('is loaded once for two processes', async () => {
        const loader = loaderOf('value', 300);
        const answers = await Promise.all(
            Array.from({ length: 100 }, (_, i) =>
                (i % 2 ? cache : other).retrieveOrLoad(null, key, 30_000, loader.load),
            ),
        );
        expect(loader.calls).toBe(1);
        expect(new Set(answers)).toEqual(new Set(['value']));
    });

    it('is loaded once also by a loader that takes longer than a lease lives', async () => {
        const loader = loaderOf('value', 6000);
        const asked = cache.retrieveOrLoad(null, key, 30_000, loader.load);
        await tick(100);
        expect(await other.retrieveOrLoad(null, key, 30_000, loader.load)).toBe('value');
        expect(await asked).toBe('value');
        expect(loader.calls).toBe(1);
    });

    it.each([Buffer.from('bytes'), 'text', 0, false, '', []])('may be %p', async value => {
        expect(await cache.retrieveOrLoad(null, key, 30_000, () => value)).toBe(value);
        expect(await cache.retrieveOrLoad<unknown>(null, key, 30_000, notAsked)).toEqual(value);
    });

    it('is what JSON makes of it when it comes from memcached', async () => {
        const date = new Date(0);
        expect(await cache.retrieveOrLoad(null, key, 30_000, () => date)).toBe(date);
        expect(await cache.retrieveOrLoad<unknown>(null, key, 30_000, notAsked)).toBe('1970-01-01T00:00:00.000Z');
    });

    it('is loaded in the place of what is no JSON', async () => {
        await writeItem(server, key, 'garbage');
        expect(await cache.retrieveOrLoad(null, key, 30_000, () => 'value')).toBe('value');
        expect(await other.retrieve(null, key)).toBe('value');
    });

    it('may have the longest key, with a prefix and a generation', async () => {
        const prefixed = await openCache(server, { 'options.prefix': `p${keys}:` });
        const longest = 'k'.repeat(250 - `p${keys}:`.length);
        expect(await prefixed.retrieveOrLoad(null, longest, 30_000, () => 1)).toBe(1);
        await prefixed.clear(null);
        expect(await prefixed.retrieveOrLoad(null, longest, 30_000, () => 2)).toBe(2);
        expect(await prefixed.retrieveOrLoad(null, longest, 30_000, notAsked)).toBe(2);
        await prefixed.close(null);
    });

    it('is compressed where values are', async () => {
        const small = await openCache(server, { 'options.compress_min': 100 });
        const value = 'x'.repeat(10_000);
        for (const options of [undefined, { staleFor: 10_000 }]) {
            key += 'x';
            expect(await small.retrieveOrLoad(null, key, 30_000, () => value, options)).toBe(value);
            expect((await readItem(server, key))!.value.length).toBeLessThan(1000);
            expect(await small.retrieveOrLoad(null, key, 30_000, notAsked, options)).toBe(value);
            expect(await small.retrieve(null, key)).toBe(value);
        }
        await small.close(null);
    });

    it('counts for max_size', async () => {
        const little = await openCache(server, { 'options.max_size': 2 });
        for (const one of ['a', 'b', 'c']) await little.retrieveOrLoad(null, key + one, 30_000, () => one);
        expect(await little.retrieve(null, `${key}a`)).toBeNull();
        expect(await little.retrieve(null, `${key}c`)).toBe('c');
        await little.close(null);
    });
});

describe('While a value is loaded', () => {
    it('the other verbs find nothing, and a reader in another language reads null', async () => {
        const asked = cache.retrieveOrLoad(null, key, 30_000, loaderOf('value', 300).load);
        await tick(100);
        expect(await other.retrieve(null, key)).toBeNull();
        expect(await other.contains(null, key)).toBe(false);
        expect(await other.retrieveMany(null, [key])).toEqual(new Map());
        expect(JSON.parse((await readItem(server, key))!.value)).toBeNull();
        expect(await asked).toBe('value');
    });

    it.each(['cache', 'other'])('a value that is stored by %s counts, not the older one that is loaded', async who => {
        const writer = who === 'cache' ? cache : other;
        const asked = cache.retrieveOrLoad(null, key, 30_000, loaderOf('old', 300).load);
        await tick(100);
        await writer.store(null, key, 'new', 30_000);
        expect(await writer.retrieveOrLoad(null, key, 30_000, notAsked)).toBe('new');
        expect(await asked).toBe('old');
        expect(await cache.retrieve(null, key)).toBe('new');
    });

    it.each(['cache', 'other'])('what %s removes is loaded anew, and the older value is not kept', async who => {
        const writer = who === 'cache' ? cache : other;
        const asked = cache.retrieveOrLoad(null, key, 30_000, loaderOf('old', 300).load);
        await tick(100);
        await writer.remove(null, key);
        expect(await writer.retrieveOrLoad(null, key, 30_000, () => 'new')).toBe('new');
        expect(await asked).toBe('old');
        expect(await cache.retrieve(null, key)).toBe('new');
    });

    it('an update makes a value where there was none', async () => {
        const asked = cache.retrieveOrLoad(null, key, 30_000, loaderOf('old', 300).load);
        await tick(100);
        expect(await other.update(null, key, value => [value], 30_000)).toEqual([null]);
        await asked;
        expect(await cache.retrieve(null, key)).toEqual([null]);
    });

    it('somebody who touches the lease of a dead holder does not make it live', async () => {
        await writeItem(server, key, `null${' '.repeat(32)}`, 0x5053_0008);
        const begun = performance.now();
        expect(await cache.retrieveOrLoad(null, key, 30_000, () => 'value', { loadTimeout: 60_000 })).toBe('value');
        expect(performance.now() - begun).toBeLessThan(12_000);
        expect(await other.retrieve(null, key)).toBe('value');
    });
});

describe('An error of the loader', () => {
    it.each([
        ['that is thrown', () => notAsked()],
        ['that is a rejection', () => Promise.reject(new Error('no'))],
        ['that is undefined', () => Promise.reject(undefined as unknown as Error)],
    ])('%s reaches everybody who waits as it is, and is not kept', async (_, fail) => {
        let calls = 0;
        const load = async () => {
            calls++;
            await tick(50);
            return fail();
        };
        const asked = Array.from({ length: 100 }, () => cache.retrieveOrLoad(null, key, 30_000, load));
        const answers = await Promise.allSettled(asked);
        expect(calls).toBe(1);
        expect(new Set(answers.map(one => one.status))).toEqual(new Set(['rejected']));
        expect(new Set(answers.map(one => (one as PromiseRejectedResult).reason as unknown)).size).toBe(1);
        expect(await cache.retrieveOrLoad(null, key, 30_000, () => 'value')).toBe('value');
    });

    it('that is thrown at once is a rejection', async () => {
        await expect(cache.retrieveOrLoad(null, key, 30_000, notAsked)).rejects.toThrow('must not be called');
    });

    it('lets the next process try at once, once for all its callers', async () => {
        let calls = 0;
        const load = async () => {
            calls++;
            await tick(300);
            throw new Error('no');
        };
        const asked = Array.from({ length: 200 }, (_, i) => (i % 2 ? cache : other).retrieveOrLoad(null, key, 1, load));
        const answers = await Promise.allSettled(asked);
        expect(answers.every(one => one.status === 'rejected')).toBe(true);
        expect(calls).toBe(2);
        // The lease is released behind; left alone it lives for two seconds at least.
        const begun = performance.now();
        while ((await readItem(server, key)) !== null) await tick(5);
        expect(performance.now() - begun).toBeLessThan(1500);
    });
});

describe('A loader that never settles', () => {
    it('is LOAD_TIMEOUT for everybody, with the trace id, and its signal aborts', async () => {
        let signal: AbortSignal | null = null;
        const load = (given: AbortSignal) => {
            signal = given;
            return never();
        };
        const options = { loadTimeout: 200 };
        const asked = Array.from({ length: 10 }, () => cache.retrieveOrLoad('trace-1', key, 1000, load, options));
        for (const one of asked) {
            await expect(one).rejects.toMatchObject({ code: 'LOAD_TIMEOUT', trace_id: 'trace-1', details: { key } });
        }
        expect(signal!.reason).toMatchObject({ code: 'LOAD_TIMEOUT' });
        expect(await cache.retrieveOrLoad(null, key, 30_000, () => 'value')).toBe('value');
    });

    it('does not keep other processes from loading', async () => {
        const asked = codeOf(cache.retrieveOrLoad(null, key, 30_000, never, { loadTimeout: 5000 }));
        await tick(100);
        const waited = await other.retrieveOrLoad(null, key, 30_000, () => 'value', { loadTimeout: 500 });
        expect(waited).toBe('value');
        expect(await asked).toBe('LOAD_TIMEOUT');
    });

    it('may be one that asks for its own key', async () => {
        const load = (): Promise<unknown> => cache.retrieveOrLoad(null, key, 30_000, load);
        expect(await codeOf(cache.retrieveOrLoad(null, key, 30_000, load, { loadTimeout: 300 }))).toBe('LOAD_TIMEOUT');
    });

    it('what it gives after that is dropped, be it an error', async () => {
        let reject: (error: Error) => void;
        const load = () => new Promise((_, fail) => (reject = fail));
        expect(await codeOf(cache.retrieveOrLoad(null, key, 30_000, load, { loadTimeout: 50 }))).toBe('LOAD_TIMEOUT');
        reject!(new Error('late'));
        await tick(20);
        expect(await cache.retrieve(null, key)).toBeNull();
    });
});

it('a loader may ask for other keys', async () => {
    const load = async () => `${await cache.retrieveOrLoad(null, `${key}-inner`, 30_000, () => 'inner')} and outer`;
    expect(await cache.retrieveOrLoad(null, key, 30_000, load)).toBe('inner and outer');
});

describe('The signal of a caller', () => {
    it('rejects him at once with its reason, and nobody else', async () => {
        const loader = loaderOf('value', 300);
        const gone = new AbortController();
        const asked = [gone.signal, null, new AbortController().signal].map(signal =>
            cache.retrieveOrLoad(null, key, 30_000, loader.load, { signal }),
        );
        await tick(50);
        const reason = new Error('gone');
        const begun = performance.now();
        gone.abort(reason);
        await expect(asked[0]).rejects.toBe(reason);
        expect(performance.now() - begun).toBeLessThan(200);
        expect(await Promise.all(asked.slice(1))).toEqual(['value', 'value']);
        expect(loader.calls).toBe(1);
    });

    it('aborts the loader when all have gone, and who comes then gets a load of his own', async () => {
        const controllers = Array.from({ length: 20 }, () => new AbortController());
        let loading: AbortSignal | null = null;
        const load = (signal: AbortSignal) => {
            loading = signal;
            return never();
        };
        const asked = controllers.map(({ signal }) => cache.retrieveOrLoad(null, key, 30_000, load, { signal }));
        const settled = Promise.allSettled(asked);
        await tick(100);
        for (const one of controllers.slice(1)) one.abort();
        expect(loading!.aborted).toBe(false);
        controllers[0]!.abort(new Error('the last one'));
        expect(loading!.reason).toMatchObject({ message: 'the last one' });
        await settled;
        expect(await cache.retrieveOrLoad(null, key, 30_000, () => 'value')).toBe('value');
    });

    it('that aborts while another process loads: the own loader is not called, and not counted', async () => {
        const theirs = other.retrieveOrLoad(null, key, 30_000, loaderOf('theirs', 300).load);
        await tick(50);
        const { loads } = cache.getStats();
        const controller = new AbortController();
        const { signal } = controller;
        const asked = cache.retrieveOrLoad(null, key, 30_000, notAsked, { signal });
        await tick(50);
        controller.abort(new Error('gone'));
        await expect(asked).rejects.toThrow('gone');
        expect(await theirs).toBe('theirs');
        expect(cache.getStats().loads).toBe(loads);
    });

    it('that has aborted before asks for nothing', async () => {
        const reason = new Error('before');
        const asked = cache.retrieveOrLoad(null, key, 30_000, notAsked, { signal: AbortSignal.abort(reason) });
        await expect(asked).rejects.toBe(reason);
    });

    it('that aborts while it is read begins no load', async () => {
        const controller = new AbortController();
        const asked = cache.retrieveOrLoad(null, key, 30_000, notAsked, { signal: controller.signal });
        controller.abort();
        await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
        await tick(50);
        expect(await readItem(server, key)).toBeNull();
    });

    it('may be that of many calls: Node does not warn of too many listeners', async () => {
        const controller = new AbortController();
        const warned = jest.fn();
        process.on('warning', warned);
        const asked = Array.from({ length: 100 }, (_, i) =>
            cache.retrieveOrLoad(null, `${key}-${i % 50}`, 1000, never, { signal: controller.signal }),
        );
        const settled = Promise.allSettled(asked);
        await tick(100);
        controller.abort(new Error('gone'));
        for (const one of await settled) expect(one).toMatchObject({ reason: { message: 'gone' } });
        expect(warned).not.toHaveBeenCalled();
        process.off('warning', warned);
    });

    it('is left alone when the value is there', async () => {
        const { signal } = new AbortController();
        const add = jest.spyOn(signal, 'addEventListener');
        const remove = jest.spyOn(signal, 'removeEventListener');
        await cache.retrieveOrLoad(null, key, 30_000, () => 'value', { signal });
        expect(await cache.retrieveOrLoad(null, key, 30_000, notAsked, { signal })).toBe('value');
        expect(remove).toHaveBeenCalledTimes(add.mock.calls.length);
    });
});

describe('Nothing', () => {
    it.each([null, undefined])('that is %p is answered as null, and not kept', async nothing => {
        const loader = loaderOf(nothing);
        expect(await cache.retrieveOrLoad(null, key, 30_000, loader.load)).toBeNull();
        expect(await cache.retrieveOrLoad(null, key, 30_000, loader.load)).toBeNull();
        expect(loader.calls).toBe(2);
        expect(await readItem(server, key)).toBeNull();
    });

    it('is kept for nullTimeout', async () => {
        const options = { nullTimeout: 20_000, jitter: 0 };
        expect(await cache.retrieveOrLoad(null, key, 60_000, () => null, options)).toBeNull();
        const item = (await readItem(server, key))!;
        expect(item).toMatchObject({ value: 'null', flags: 0 });
        expect(item.ttl).toBeLessThanOrEqual(20);
        expect(item.ttl).toBeGreaterThan(15);
        expect(await other.retrieveOrLoad(null, key, 60_000, notAsked, options)).toBeNull();
        expect(await other.retrieve(null, key)).toBeNull();
    });

    it('that is kept reaches those who wait in another process', async () => {
        const loader = loaderOf(null, 300);
        const asked = [cache, other].map(one => one.retrieveOrLoad(null, key, 1, loader.load, { nullTimeout: 20_000 }));
        expect(await Promise.all(asked)).toEqual([null, null]);
        expect(loader.calls).toBe(1);
    });
});

describe('Expiries', () => {
    const ttls = async (jitter: number | undefined) => {
        const names = Array.from({ length: 200 }, (_, i) => `${key}-${i}`);
        await Promise.all(names.map(one => cache.retrieveOrLoad(null, one, 100_000, () => one, { jitter })));
        return (await Promise.all(names.map(one => readItem(server, one))))
            .map(item => item!.ttl)
            .sort((a, b) => a - b);
    };

    it('are spread over half of the time with jitter 0.5', async () => {
        const found = await ttls(0.5);
        // Time passes meanwhile.
        expect(found[0]).toBeGreaterThanOrEqual(40);
        expect(found[0]).toBeLessThan(60);
        expect(found.at(-1)!).toBeGreaterThan(85);
        expect(found[100]).toBeGreaterThan(60);
        expect(found[100]).toBeLessThan(90);
    });

    it('are spread over a tenth when nothing is said, and not at all with 0', async () => {
        const found = await ttls(undefined);
        expect(new Set(found).size).toBeGreaterThan(5);
        expect(found[0]).toBeGreaterThanOrEqual(80);
        key += 'x';
        const exact = await ttls(0);
        expect(exact.at(-1)! - exact[0]!).toBeLessThanOrEqual(3);
    });

    it('are options.timeout when none is given, and no longer than options.max_expiration', async () => {
        const short = await openCache(server, { 'options.timeout': 20_000, 'options.max_expiration': 40_000 });
        await short.retrieveOrLoad(null, key, null, () => 1);
        expect((await readItem(server, key))!.ttl).toBeLessThanOrEqual(20);
        await short.retrieveOrLoad(null, `${key}x`, 1e9, () => 1, { jitter: 0, staleFor: 1e9 });
        const { ttl } = (await readItem(server, `${key}x`))!;
        expect(ttl).toBeLessThanOrEqual(40);
        expect(ttl).toBeGreaterThan(30);
        await short.close(null);
    });
});

it.each([
    ['INVALID_KEY', { key: '' }],
    ['INVALID_KEY', { key: 'a b' }],
    ['INVALID_TTL', { timeout: '1' }],
    ['INVALID_FUNCTION', { loader: 'value' }],
    ['INVALID_LOAD_OPTION', { options: 5 }],
    ['INVALID_LOAD_OPTION', { options: { staleFor: -1 } }],
    ['INVALID_LOAD_OPTION', { options: { nullTimeout: NaN } }],
    ['INVALID_LOAD_OPTION', { options: { jitter: 1.1 } }],
    ['INVALID_LOAD_OPTION', { options: { loadTimeout: 0 } }],
    ['INVALID_LOAD_OPTION', { options: { loadTimeout: 2 ** 31 } }],
    ['INVALID_LOAD_OPTION', { options: { signal: {} } }],
])('a mistake is %s before the loader is called: %p', async (code, mistake) => {
    const given = { key, timeout: 1000, loader: notAsked, options: {}, ...mistake } as unknown as Record<string, never>;
    await expect(
        cache.retrieveOrLoad('trace-1', given.key!, given.timeout, given.loader!, given.options),
    ).rejects.toMatchObject({ code, category: 'BadRequest', trace_id: 'trace-1' });
});

it('is NOT_OPENED before open', async () => {
    expect(await codeOf(new MemcachedCache().retrieveOrLoad(null, key, 1000, notAsked))).toBe('NOT_OPENED');
});

it.each([
    ['NOT_SERIALIZABLE', () => 5n],
    ['VALUE_TOO_LARGE', () => 'x'.repeat(2_000_000)],
])('a value that is %s is answered, said once in the log, and keeps nobody waiting', async (_, load) => {
    const before = logger.count(/could not be stored/);
    for (const options of [{}, { staleFor: 1000 }]) {
        expect(await cache.retrieveOrLoad<unknown>(null, key, 30_000, load, options)).toEqual(load());
        expect(await readItem(server, key)).toBeNull();
    }
    expect(logger.count(/could not be stored/)).toBe(1);
    expect(before).toBeLessThanOrEqual(1);
});
