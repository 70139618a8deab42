import type { LoadOptions, MemcachedCache } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { timed } from '../support/LagMeter';
import { useOpener, useServer } from '../support/Opener';
import { readItem, writeItem } from '../support/server/textProtocol';
import { sleep } from '../support/sleep';
import { heldLoader, loaderOf, never, notAsked } from './loaders';

const STALE: LoadOptions = { staleFor: 60_000, jitter: 0 };
/**
 * The timeout covers the time to take a lease, even on a busy machine. Without a lease, each
 * instance calls its loader.
 */
const PATIENT = { request_timeout: 5000, connect_timeout: 5000 };

const server = useServer();
const open = useOpener();
const { logger } = open;
let cache: MemcachedCache;
let other: MemcachedCache;

beforeEach(async () => {
    [cache, other] = await Promise.all([open.cache(server, PATIENT), open.cache(server, PATIENT)]);
});

/** Loads the value, and waits until the value is stale. */
async function makeStale(value: unknown, options = STALE): Promise<void> {
    await cache.retrieveOrLoad(null, open.key, 50, () => value, options);
    await sleep(80);
}

/** Resolves when the key holds this value. */
async function untilIt(holds: unknown): Promise<void> {
    for (;;) {
        const held: unknown = await other.retrieve(null, open.key);
        if (JSON.stringify(held) === JSON.stringify(holds)) return;
        await sleep(5);
    }
}

it('serves a fresh value to every command', async () => {
    for (const value of [{ a: 1 }, Buffer.from('bytes'), 'x'.repeat(100_000)]) {
        open.key += 'x';
        expect(await cache.retrieveOrLoad<unknown>(null, open.key, 30_000, () => value, STALE)).toBe(value);
        expect(await other.retrieveOrLoad<unknown>(null, open.key, 30_000, notAsked)).toEqual(value);
        expect(await other.retrieve(null, open.key)).toEqual(value);
        expect(await other.retrieveMany(null, [open.key])).toEqual(new Map([[open.key, value]]));
        expect(await other.retrieveAndTouch(null, open.key, 30_000)).toEqual(value);
        expect(await other.remove(null, open.key)).toEqual(value);
    }
});

it('hides a stale value from every command except retrieveOrLoad', async () => {
    await makeStale('old');
    expect(await other.retrieve(null, open.key)).toBeNull();
    expect(await other.contains(null, open.key)).toBe(false);
    expect(await other.retrieveMany(null, [open.key])).toEqual(new Map());
    expect(await other.retrieveAndTouch(null, open.key)).toBeNull();
    expect(await other.update(null, open.key, value => [value], 30_000)).toEqual([null]);
    await makeStale('old', { ...STALE });
    expect(await other.remove(null, open.key)).toEqual([null]);
    await makeStale('old');
    expect(await other.remove(null, open.key)).toBeNull();
    expect(await readItem(server, open.key)).toBeNull();
});

it('keeps a stale value as an entry for the commands that memcached decides', async () => {
    await makeStale('old');
    expect(await other.add(null, open.key, 1)).toBe(false);
    expect(await codeOf(other.increment(null, open.key))).toBe('NOT_A_NUMBER');
    expect(await other.touch(null, open.key, 60_000)).toBe(true);
    // A touch does not make the value fresh.
    expect(await other.retrieve(null, open.key)).toBeNull();
    expect(await other.replace(null, open.key, 'replaced')).toBe(true);
    expect(await other.retrieve(null, open.key)).toBe('replaced');
});

it('returns the stale value to every caller at once, while one load runs in the background', async () => {
    await makeStale('old');
    const { called, load, finish } = heldLoader<string>();
    const counted = jest.fn(load);
    for (let i = 0; i < 3; i++) {
        const asked = Array.from({ length: 100 }, (_, j) =>
            (j % 2 ? cache : other).retrieveOrLoad(null, open.key, 30_000, counted, STALE),
        );
        expect(new Set(await Promise.all(asked))).toEqual(new Set(['old']));
        await called;
    }
    expect(counted).toHaveBeenCalledTimes(1);
    finish('new');
    await untilIt('new');
    const ask = () => cache.retrieveOrLoad<unknown>(null, open.key, 30_000, notAsked, STALE);
    // The load may still hold the lease, so the new value may not be visible yet.
    while ((await ask()) === 'old') await sleep(5);
    expect(await ask()).toBe('new');
});

it('returns the new value after the load, even before memcached has stored it', async () => {
    const cache = await open.cache(server);
    await makeStale('old');
    let isLoaded = false;
    const load = async () => {
        await server.stop();
        isLoaded = true;
        return 'new';
    };
    expect(await cache.retrieveOrLoad(null, open.key, 30_000, load, STALE)).toBe('old');
    while (!isLoaded) await sleep(5);
    await sleep(20);
    expect(await cache.retrieveOrLoad(null, open.key, 30_000, notAsked, STALE)).toBe('new');
    server.continue();
});

it('returns a separate copy of the stale value to each caller', async () => {
    await makeStale({ a: 1 });
    const { load } = loaderOf({ a: 2 }, 100);
    const answers = await Promise.all([1, 2].map(() => cache.retrieveOrLoad(null, open.key, 30_000, load, STALE)));
    expect(answers).toEqual([{ a: 1 }, { a: 1 }]);
    expect(answers[0]).not.toBe(answers[1]);
    await untilIt({ a: 2 });
});

it('waits for the loader when staleFor is absent or shorter', async () => {
    await makeStale('old');
    const { called, load, finish } = heldLoader<string>();
    expect(await cache.retrieveOrLoad(null, open.key, 30_000, load, STALE)).toBe('old');
    await called;
    const asked = [
        cache.retrieveOrLoad(null, open.key, 30_000, notAsked),
        cache.retrieveOrLoad(null, open.key, 30_000, notAsked, { staleFor: 1 }),
        other.retrieveOrLoad(null, open.key, 30_000, notAsked),
        other.retrieveOrLoad(null, open.key, 30_000, notAsked, { staleFor: 1 }),
    ];
    await sleep(50);
    finish('new');
    expect(await Promise.all(asked)).toEqual(['new', 'new', 'new', 'new']);
});

it('does not restore a stale value after a removal or a store', async () => {
    await makeStale('old');
    await other.remove(null, open.key);
    expect(await cache.retrieveOrLoad(null, open.key, 30_000, () => 'new', STALE)).toBe('new');
    await makeStale('old');
    await other.store(null, open.key, 'stored', 1);
    while ((await other.retrieve(null, open.key)) !== null) await sleep(50);
    expect(await cache.retrieveOrLoad(null, open.key, 30_000, () => 'newer', STALE)).toBe('newer');
});

it('does not restore a stale value after a removal during its background load', async () => {
    await makeStale('old');
    const { called, load, finish } = heldLoader<string>();
    expect(await cache.retrieveOrLoad(null, open.key, 30_000, load, STALE)).toBe('old');
    await called;
    await other.remove(null, open.key);
    finish('older');
    await sleep(100);
    expect(await readItem(server, open.key)).toBeNull();
    expect(await cache.retrieveOrLoad(null, open.key, 30_000, () => 'new', STALE)).toBe('new');
});

it('removes the value when the loader returns null, with or without nullTimeout', async () => {
    for (const nullTimeout of [0, 30_000]) {
        open.key += 'x';
        await makeStale('old');
        expect(await cache.retrieveOrLoad(null, open.key, 30_000, () => null, { ...STALE, nullTimeout })).toBe('old');
        const until = performance.now() + 5000;
        while ((await readItem(server, open.key))?.value.includes('old') && performance.now() < until) await sleep(5);
        const item = await readItem(server, open.key);
        if (nullTimeout) expect(item!.value).toBe('null');
        else expect(item).toBeNull();
    }
});

it('logs the error of a background load, and keeps the stale value', async () => {
    await makeStale('old');
    const fail = jest.fn(() => Promise.reject(new Error('no database')));
    for (let i = 1; i <= 2; i++) {
        // The loader runs a second time only after a pause.
        while (fail.mock.calls.length < i) {
            expect(await cache.retrieveOrLoad(null, open.key, 30_000, fail, STALE)).toBe('old');
            await sleep(5);
        }
        // The cache releases the lease and leaves the item unchanged.
        while ((await readItem(server, open.key))!.flags !== 0x5053_0004) await sleep(5);
    }
    await logger.heard(/cannot refresh the stale value of key\d+: no database/);
    expect((await readItem(server, open.key))!.ttl).toBeGreaterThan(50);
    let value: string | null = 'old';
    while (value === 'old') {
        value = await cache.retrieveOrLoad(null, open.key, 30_000, () => 'new', STALE);
        await sleep(5);
    }
    expect(value).toBe('new');
});

it.each([
    Object.create(null),
    new (class extends Error {
        override message = Symbol() as never;
    })(),
    'a text',
    undefined,
])('allows the next load, whatever a background load throws (%#)', async thrown => {
    await makeStale('old');
    const fail = () => Promise.reject(thrown as Error);
    expect(await cache.retrieveOrLoad(null, open.key, 30_000, fail, STALE)).toBe('old');
    await logger.heard(/cannot refresh the stale value/);
    expect(await cache.retrieveOrLoad(null, open.key, 30_000, () => 'new')).toBe('new');
});

it('times out a background load whose loader never settles', async () => {
    await makeStale('old');
    const asked = cache.retrieveOrLoad(null, open.key, 30_000, never, { ...STALE, loadTimeout: 200 });
    expect(await asked).toBe('old');
    await logger.heard(/cannot refresh the stale value .*after 200 ms/);
});

it('continues a background load when its caller aborts, and gives the value to waiting callers', async () => {
    await makeStale('old');
    const controller = new AbortController();
    const { called, load, finish } = heldLoader<string>();
    const options = { ...STALE, signal: controller.signal };
    expect(await cache.retrieveOrLoad(null, open.key, 30_000, load, options)).toBe('old');
    await called;
    const waiting = cache.retrieveOrLoad(null, open.key, 30_000, notAsked, { signal: controller.signal });
    await sleep(20);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    finish('new');
    await untilIt('new');
});

it('aborts a background load on close, and keeps the stale value', async () => {
    await makeStale('old');
    let signal: AbortSignal | null = null;
    const load = (given: AbortSignal) => {
        signal = given;
        return never();
    };
    expect(await cache.retrieveOrLoad(null, open.key, 30_000, load, STALE)).toBe('old');
    while (signal === null) await sleep(5);
    await cache.close(null);
    expect((signal as AbortSignal).aborted).toBe(true);
    expect(await other.retrieveOrLoad(null, open.key, 30_000, () => 'new', STALE)).toBe('old');
    await untilIt('new');
    expect(logger.count(/failed/)).toBe(0);
});

it('ends the freshness to the millisecond, and keeps the item longer by staleFor', async () => {
    await cache.retrieveOrLoad(null, open.key, 300, () => 'old', STALE);
    const ms = await timed(async () => {
        while ((await cache.retrieve(null, open.key)) !== null) await sleep(2);
    });
    expect(ms).toBeLessThan(2000);
    expect((await readItem(server, open.key))!.ttl).toBeGreaterThan(50);
});

it('treats an entry of another program with the flags of stale values as a miss', async () => {
    for (const flags of [0x5053_0004, 0x5053_0008, 0x5053_000c, 0x5053_000f]) {
        for (const value of ['', 'short', 'x'.repeat(24), 'x'.repeat(100)]) {
            await writeItem(server, open.key, value, flags);
            expect(await other.retrieve(null, open.key)).toBeNull();
            if (flags === 0x5053_0004) {
                expect(await cache.retrieveOrLoad<unknown>(null, open.key, 1000, () => 'new', STALE)).toBe('new');
            }
        }
    }
});
