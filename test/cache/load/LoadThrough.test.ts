import { codeOf } from '../../support/codeOf';
import { timed } from '../../support/LagMeter';
import { useOpener, useServer } from '../../support/Opener';
import { readItem, writeItem } from '../../support/server/textProtocol';
import { sleep } from '../../support/sleep';
import { heldLoader, loaderOf, notAsked, untilStored } from '../loaders';
import { useCache } from '../useCache';

const server = useServer();
const open = useOpener();
const cache = useCache(server);
const other = useCache(server);

describe('a missing value', () => {
    it('is loaded, stored as plain JSON, and then read from memcached', async () => {
        const { load } = loaderOf({ a: 1 });
        expect(await cache.retrieveOrLoad(null, open.key, 30_000, load)).toEqual({ a: 1 });
        await untilStored(cache);
        expect(await readItem(server, open.key)).toMatchObject({ value: '{"a":1}', flags: 0 });
        expect(await cache.retrieveOrLoad(null, open.key, 30_000, notAsked)).toEqual({ a: 1 });
        expect(await other.retrieveOrLoad(null, open.key, 30_000, notAsked)).toEqual({ a: 1 });
        expect(await other.retrieve(null, open.key)).toEqual({ a: 1 });
    });

    it('is loaded once for all callers of a process, which get the same object', async () => {
        const loader = loaderOf({ a: 1 }, 50);
        const answers = await Promise.all(
            Array.from({ length: 1000 }, () => cache.retrieveOrLoad(null, open.key, 30_000, loader.load)),
        );
        expect(loader.calls).toBe(1);
        expect(new Set(answers).size).toBe(1);
    });

    it('is loaded once for two processes', async () => {
        const loader = loaderOf('value', 300);
        const answers = await Promise.all(
            Array.from({ length: 100 }, (_, i) =>
                (i % 2 ? cache : other).retrieveOrLoad(null, open.key, 30_000, loader.load),
            ),
        );
        expect(loader.calls).toBe(1);
        expect(new Set(answers)).toEqual(new Set(['value']));
    });

    it.each([Buffer.from('bytes'), 'text', 0, false, '', []])(
        'is the same from the loader and from memcached when it is %p',
        async value => {
            expect(await cache.retrieveOrLoad(null, open.key, 30_000, () => value)).toBe(value);
            expect(await cache.retrieveOrLoad<unknown>(null, open.key, 30_000, notAsked)).toEqual(value);
        },
    );

    it('is restored from JSON when it comes from memcached', async () => {
        const date = new Date(0);
        expect(await cache.retrieveOrLoad(null, open.key, 30_000, () => date)).toBe(date);
        expect(await cache.retrieveOrLoad<unknown>(null, open.key, 30_000, notAsked)).toBe('1970-01-01T00:00:00.000Z');
    });

    it('is loaded to replace an entry that is not JSON', async () => {
        await writeItem(server, open.key, 'garbage');
        expect(await cache.retrieveOrLoad(null, open.key, 30_000, () => 'value')).toBe('value');
        await untilStored(cache);
        expect(await other.retrieve(null, open.key)).toBe('value');
    });

    it('is loaded under a key of maximum length with a prefix and a token', async () => {
        const prefixed = await open.cache(server, { prefix: `p${open.key}:`, clear: true });
        const longest = 'k'.repeat(240 - `p${open.key}:`.length);
        expect(await prefixed.retrieveOrLoad(null, longest, 30_000, () => 1)).toBe(1);
        await prefixed.clear(null);
        expect(await prefixed.retrieveOrLoad(null, longest, 30_000, () => 2)).toBe(2);
        expect(await prefixed.retrieveOrLoad(null, longest, 30_000, notAsked)).toBe(2);
    });

    it('is compressed when the cache compresses values', async () => {
        const small = await open.cache(server, { compress_min: 100 });
        const value = 'x'.repeat(10_000);
        for (const options of [undefined, { staleFor: 10_000 }]) {
            open.key += 'x';
            const { stored: stored } = small.getStats();
            expect(await small.retrieveOrLoad(null, open.key, 30_000, () => value, options)).toBe(value);
            await untilStored(small, stored + 1);
            expect((await readItem(server, open.key))!.value.length).toBeLessThan(1000);
            expect(await small.retrieveOrLoad(null, open.key, 30_000, notAsked, options)).toBe(value);
            expect(await small.retrieve(null, open.key)).toBe(value);
        }
    });

    it('counts toward max_size', async () => {
        const little = await open.cache(server, { max_size: 2 });
        for (const one of ['a', 'b', 'c']) await little.retrieveOrLoad(null, open.key + one, 30_000, () => one);
        while ((await little.retrieve(null, `${open.key}a`)) !== null) await sleep(5);
        expect(await little.retrieve(null, `${open.key}c`)).toBe('c');
    });
});

describe('a pending load', () => {
    it('is a miss for other commands, and null for clients in other languages', async () => {
        const { called, load, finish } = heldLoader<string>();
        const asked = cache.retrieveOrLoad(null, open.key, 30_000, load);
        await called;
        expect(await other.retrieve(null, open.key)).toBeNull();
        expect(await other.contains(null, open.key)).toBe(false);
        expect(await other.retrieveMany(null, [open.key])).toEqual(new Map());
        expect(JSON.parse((await readItem(server, open.key))!.value)).toBeNull();
        finish('value');
        expect(await asked).toBe('value');
    });

    it.each(['cache', 'other'])('does not overwrite a newer value stored by %s', async who => {
        const writer = who === 'cache' ? cache : other;
        const { called, load, finish } = heldLoader<string>();
        const asked = cache.retrieveOrLoad(null, open.key, 30_000, load);
        await called;
        await writer.store(null, open.key, 'new', 30_000);
        expect(await writer.retrieveOrLoad(null, open.key, 30_000, notAsked)).toBe('new');
        finish('old');
        expect(await asked).toBe('old');
        expect(await cache.retrieve(null, open.key)).toBe('new');
    });

    it.each(['cache', 'other'])('does not overwrite a newer value loaded after %s has removed the key', async who => {
        const writer = who === 'cache' ? cache : other;
        const { called, load, finish } = heldLoader<string>();
        const asked = cache.retrieveOrLoad(null, open.key, 30_000, load);
        await called;
        await writer.remove(null, open.key);
        expect(await writer.retrieveOrLoad(null, open.key, 30_000, () => 'new')).toBe('new');
        await untilStored(writer);
        finish('old');
        expect(await asked).toBe('old');
        expect(await cache.retrieve(null, open.key)).toBe('new');
    });

    it('is an entry for the commands that memcached decides', async () => {
        const { called, load, finish } = heldLoader<string>();
        const asked = cache.retrieveOrLoad(null, open.key, 30_000, load);
        await called;
        expect(await other.add(null, open.key, 1)).toBe(false);
        expect(await other.touch(null, open.key)).toBe(true);
        expect(await codeOf(other.increment(null, open.key))).toBe('NOT_A_NUMBER');
        expect(await other.replace(null, open.key, 'replaced')).toBe(true);
        finish('value');
        expect(await asked).toBe('value');
        expect(await other.retrieve(null, open.key)).toBe('replaced');
    });

    it('lets an update create the value', async () => {
        const { called, load, finish } = heldLoader<string>();
        const asked = cache.retrieveOrLoad(null, open.key, 30_000, load);
        await called;
        expect(await other.update(null, open.key, value => [value], 30_000)).toEqual([null]);
        finish('old');
        await asked;
        expect(await cache.retrieve(null, open.key)).toEqual([null]);
    });
});

describe('an error of the loader', () => {
    it.each([
        ['a thrown error', () => notAsked()],
        ['a rejection', () => Promise.reject(new Error('no'))],
        ['undefined', () => Promise.reject(undefined as unknown as Error)],
    ])('reaches every waiting caller unchanged, and does not stay in the cache: %s', async (_, fail) => {
        let calls = 0;
        const load = async () => {
            calls++;
            await sleep(50);
            return fail();
        };
        const asked = Array.from({ length: 100 }, () => cache.retrieveOrLoad(null, open.key, 30_000, load));
        const answers = await Promise.allSettled(asked);
        expect(calls).toBe(1);
        expect(new Set(answers.map(one => one.status))).toEqual(new Set(['rejected']));
        expect(new Set(answers.map(one => (one as PromiseRejectedResult).reason as unknown)).size).toBe(1);
        expect(await cache.retrieveOrLoad(null, open.key, 30_000, () => 'value')).toBe('value');
    });

    it('rejects when the loader throws synchronously', async () => {
        await expect(cache.retrieveOrLoad(null, open.key, 30_000, notAsked)).rejects.toThrow('must not be called');
    });

    it('lets the next process load at once, and only once for all its callers', async () => {
        let calls = 0;
        const load = async () => {
            calls++;
            await sleep(300);
            throw new Error('no');
        };
        const asked = Array.from({ length: 200 }, (_, i) =>
            (i % 2 ? cache : other).retrieveOrLoad(null, open.key, 1, load),
        );
        const answers = await Promise.allSettled(asked);
        expect(answers.every(one => one.status === 'rejected')).toBe(true);
        expect(calls).toBe(2);
        // The cache releases the lease in the background. An unreleased lease lasts at least two
        // seconds.
        const untilReleased = async (): Promise<void> => {
            while ((await readItem(server, open.key)) !== null) await sleep(5);
        };
        expect(await timed(untilReleased)).toBeLessThan(1500);
    });
});

it('allows a loader to load other keys', async () => {
    const load = async () =>
        `${await cache.retrieveOrLoad(null, `${open.key}-inner`, 30_000, () => 'inner')} and outer`;
    expect(await cache.retrieveOrLoad(null, open.key, 30_000, load)).toBe('inner and outer');
});
