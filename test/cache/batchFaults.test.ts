import { BatchException } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { timed } from '../support/LagMeter';
import { useOpener, useServer } from '../support/Opener';
import { describeEachLoss, type LossContext } from '../support/proxy/loseNext';
import { readItem } from '../support/server/textProtocol';
import type { Settings } from '../support/settings';
import { batchCaches, numbered } from './batchCaches';

const server = useServer();
const second = useServer();
const opener = useOpener();
const open = batchCaches(opener, server);

const failure = (promise: Promise<unknown>) =>
    promise.then(
        () => Promise.reject(new Error('it did not fail')),
        (error: BatchException) => error,
    );

describe('a batch with an unavailable server', () => {
    async function withOneDead(settings: Settings) {
        const dying = await opener.server();
        const cache = await open({ failures: 1, prefix: '', ...settings }, [server, second, dying]);
        const entries = new Map(Array.from({ length: 300 }, (_, i) => [`d${opener.key}-${i}`, i] as const));
        await cache.storeMany(null, entries, 60_000);
        const lost = new Set<string>();
        for (const key of entries.keys()) if ((await readItem(dying, key)) !== null) lost.add(key);
        expect(lost.size).toBeGreaterThan(20);
        await dying.kill();
        return { cache, entries, lost };
    }

    it('rejects retrieveMany with the failed keys and the found values', async () => {
        const { cache, entries, lost } = await withOneDead({});
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
    });

    it('stores and removes the other keys, and rejects with the failed keys', async () => {
        const { cache, entries, lost } = await withOneDead({});
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
    });

    it('treats the failed keys as misses with fail_soft', async () => {
        const { cache, entries, lost } = await withOneDead({ fail_soft: true });
        const found = await cache.retrieveMany(null, entries.keys());
        expect(found).toEqual(new Map([...entries].filter(([key]) => !lost.has(key))));
        await cache.storeMany(null, entries);
        await cache.removeMany(null, entries.keys());
        expect(opener.logger.count(/continuing without the cache/)).toBe(1);
    });

    it('finds nothing with fail_soft when every server is unavailable, and still rejects invalid input', async () => {
        const alone = await opener.server();
        const cache = await open({ fail_soft: true, failures: 1 }, alone);
        await alone.kill();
        expect(await cache.retrieveMany(null, ['a', 'b'])).toEqual(new Map());
        await cache.storeMany(null, { a: 1, b: null });
        await cache.removeMany(null, ['a']);
        expect(await codeOf(cache.retrieveMany(null, ['b d']))).toBe('INVALID_KEY');
        expect(await codeOf(cache.storeMany(null, { a: 5n }))).toBe('NOT_SERIALIZABLE');
        expect(await codeOf(cache.storeMany(null, { a: 'x'.repeat(2 ** 20 + 1) }))).toBe('VALUE_TOO_LARGE');
        expect(await codeOf(cache.removeMany(null, 5 as never))).toBe('INVALID_BATCH');
    });
});

describeEachLoss(server, (it, _, end) => {
    const entries = numbered(500, i => ({ i }));

    /** Opens a cache that loses messages, and a reliable cache that stores the entries. */
    async function openBoth({ open, proxy, key }: LossContext, isRetried: boolean) {
        const settings = { max_size: 0, prefix: `${key}:` };
        const other = await open.cache(server, settings);
        await other.storeMany(null, entries);
        const cache = await open.cache(proxy, { ...settings, request_timeout: isRetried ? 10_000 : 400 });
        return { cache, other };
    }

    it('finds every entry after a retry, or rejects with the missing keys', async context => {
        const isRetried = end === 'a reset';
        const { cache } = await openBoth(context, isRetried);
        context.lose('get');
        const retrieving = cache.retrieveMany(null, entries.keys());
        if (isRetried) return expect(await retrieving).toEqual(entries);
        const { failed, found } = await failure(retrieving);
        expect(failed.size + found.size).toBe(500);
        for (const error of failed.values()) expect(error).toMatchObject({ code: 'TIMEOUT' });
        for (const [key, value] of found) expect(value).toEqual(entries.get(key));
    });

    it('resolves only after it has stored or removed every entry', async context => {
        const { cache, other } = await openBoth(context, end === 'a reset');
        const more = numbered(500, i => -1 - i);
        context.lose('set');
        if (end === 'a reset') {
            await cache.storeMany(null, more);
            expect(await other.retrieveMany(null, more.keys())).toEqual(more);
        } else expect((await failure(cache.storeMany(null, more))).failed.size).toBe(500);
        context.lose('delete');
        if (end === 'a reset') {
            await cache.removeMany(null, more.keys());
            expect((await other.retrieveMany(null, more.keys())).size).toBe(0);
        } else expect((await failure(cache.removeMany(null, more.keys()))).failed.size).toBe(500);
    });
});

it('sends only a part of a large batch before the first reply', async () => {
    const proxy = await opener.recordingProxy();
    const silent = await opener.cache(proxy, { fail_soft: true, request_timeout: 300 });
    const value = 'x'.repeat(10_000);
    await silent.storeMany(
        null,
        numbered(20_000, () => value),
    );
    const sent = proxy.writes.reduce((sum, write) => sum + write.length, 0);
    // The batch has 200 MB. The client sends no more until the server answers.
    expect(sent).toBeLessThan(16 * 2 ** 20);
});

it('limits a batch with removals to one request_timeout when the server is silent', async () => {
    const proxy = await opener.recordingProxy();
    const cache = await open({ prefix: '', fail_soft: true, request_timeout: 1000, failures: 1000 }, proxy);
    expect(await timed(() => cache.storeMany(null, { a: 1, b: null }))).toBeLessThan(1900);
});

it('reports each entry that memcached rejects, and stores the other entries', async () => {
    const small = await opener.server({ maxItemBytes: 1024 * 1024 });
    const cache = await open({ max_value: 2 ** 22, fail_soft: true }, small);
    const stored = cache.storeMany(null, { a: 1, b: 'x'.repeat(2 ** 20), c: 3 });
    await expect(stored).rejects.toMatchObject({ code: 'BATCH_FAILED' });
    const { failed } = await failure(stored);
    expect([...failed.keys()]).toEqual(['b']);
    expect(failed.get('b')).toMatchObject({ code: 'VALUE_TOO_LARGE' });
    expect(await cache.retrieveMany(null, ['a', 'b', 'c'])).toEqual(new Map(Object.entries({ a: 1, c: 3 })));
});
