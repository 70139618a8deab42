import type { LoadOptions, MemcachedCache } from 'pip-services4-memcached-node';
import { timed } from '../support/LagMeter';
import { useOpener, useServer } from '../support/Opener';
import { readItem, writeItem } from '../support/server/textProtocol';
import { sleep } from '../support/sleep';
import { heldLoader, loaderOf, never, notAsked } from './loaders';

const STALE: LoadOptions = { staleFor: 60_000, jitter: 0 };
/** A lease is asked for that long: without one, each instance calls its loader. */
const PATIENT = { request_timeout: 5000, connect_timeout: 5000 };

const server = useServer();
const open = useOpener();
const { logger } = open;
let cache: MemcachedCache;
let other: MemcachedCache;

beforeEach(async () => {
    [cache, other] = await Promise.all([open.cache(server, PATIENT), open.cache(server, PATIENT)]);
});

/** Loads it, and waits until it is fresh no more. */
async function makeStale(value: unknown, options = STALE): Promise<void> {
    await cache.retrieveOrLoad(null, open.key, 50, () => value, options);
    await sleep(80);
}

/** Until the open.key holds this. */
async function untilIt(holds: unknown): Promise<void> {
    for (;;) {
        const held: unknown = await other.retrieve(null, open.key);
        if (JSON.stringify(held) === JSON.stringify(holds)) return;
        await sleep(5);
    }
}

it('a value that is fresh is what all verbs find', async () => {
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

it('a value that is stale is nothing to all verbs but this one', async () => {
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

it('the stale value is answered at once by everybody, while one load runs behind', async () => {
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
    // It may still be on its way to the lease, and so not know of the new value.
    while ((await ask()) === 'old') await sleep(5);
    expect(await ask()).toBe('new');
});

it('is not answered any more when there is a new one, though that could not be stored yet', async () => {
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

it('each caller gets a stale value of his own', async () => {
    await makeStale({ a: 1 });
    const { load } = loaderOf({ a: 2 }, 100);
    const answers = await Promise.all([1, 2].map(() => cache.retrieveOrLoad(null, open.key, 30_000, load, STALE)));
    expect(answers).toEqual([{ a: 1 }, { a: 1 }]);
    expect(answers[0]).not.toBe(answers[1]);
    await untilIt({ a: 2 });
});

it('who does not ask for it waits for the loader, and so does who allows less', async () => {
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

it('what is removed or stored does not come back', async () => {
    await makeStale('old');
    await other.remove(null, open.key);
    expect(await cache.retrieveOrLoad(null, open.key, 30_000, () => 'new', STALE)).toBe('new');
    await makeStale('old');
    await other.store(null, open.key, 'stored', 1);
    while ((await other.retrieve(null, open.key)) !== null) await sleep(50);
    expect(await cache.retrieveOrLoad(null, open.key, 30_000, () => 'newer', STALE)).toBe('newer');
});

it('what is removed while it is loaded behind does not come back', async () => {
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

it('is gone when the loader says that there is nothing, kept or not', async () => {
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

it('an error of a load that nobody waits for is said in the log, and the stale value stays', async () => {
    await makeStale('old');
    const fail = jest.fn(() => Promise.reject(new Error('no database')));
    for (let i = 1; i <= 2; i++) {
        // The second one is called after a pause.
        while (fail.mock.calls.length < i) {
            expect(await cache.retrieveOrLoad(null, open.key, 30_000, fail, STALE)).toBe('old');
            await sleep(5);
        }
        // The lease is released, and the item is as it was.
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
])('whatever a load that nobody waits for throws, the next one may run (%#)', async thrown => {
    await makeStale('old');
    const fail = () => Promise.reject(thrown as Error);
    expect(await cache.retrieveOrLoad(null, open.key, 30_000, fail, STALE)).toBe('old');
    await logger.heard(/cannot refresh the stale value/);
    expect(await cache.retrieveOrLoad(null, open.key, 30_000, () => 'new')).toBe('new');
});

it('a loader that never settles is given up behind, too', async () => {
    await makeStale('old');
    const asked = cache.retrieveOrLoad(null, open.key, 30_000, never, { ...STALE, loadTimeout: 200 });
    expect(await asked).toBe('old');
    await logger.heard(/cannot refresh the stale value .*after 200 ms/);
});

it('a load behind goes on when its caller is aborted, and what waits for it gets its value', async () => {
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

it('close aborts a load that nobody waits for, and leaves the stale value', async () => {
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

it('freshness ends to the ms, and the item is kept so much longer', async () => {
    await cache.retrieveOrLoad(null, open.key, 300, () => 'old', STALE);
    const ms = await timed(async () => {
        while ((await cache.retrieve(null, open.key)) !== null) await sleep(2);
    });
    expect(ms).toBeLessThan(2000);
    expect((await readItem(server, open.key))!.ttl).toBeGreaterThan(50);
});

it('what another program has put there with such flags is a miss', async () => {
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
