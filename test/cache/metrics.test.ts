import { tracingChannel } from 'node:diagnostics_channel';
import { References } from 'pip-services4-components-node';
import { COUNTER_NAMES, type MemcachedCache } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { holding, passing, type FaultProxy } from '../support/proxy/FaultProxy';
import { FailingCounters, RecordingCounters } from '../support/RecordingCounters';
import { writeItem } from '../support/server/textProtocol';
import type { Settings } from '../support/settings';
import { sleep } from '../support/sleep';

const server = useServer();
const opener = useOpener();
let proxy: FaultProxy;
let prefix = 0;

beforeEach(async () => {
    proxy = await opener.faultProxy(server);
});

function open(settings: Settings = {}, ...all: RecordingCounters[]): Promise<MemcachedCache> {
    const given = { prefix: `${++prefix}:`, request_timeout: 1000 };
    const references = References.fromTuples(...all.flatMap(one => one.tuple));
    return opener.cache(proxy, { ...given, ...settings }, references);
}

const NOTHING = {
    hits: 0,
    misses: 0,
    stored: 0,
    failed: 0,
    evicted: 0,
    undecodable: 0,
    cappedExpirations: 0,
    fallbacks: 0,
    loads: 0,
    storeFailures: 0,
    refreshFailures: 0,
};

/** Returns the statistics of the cache, and expects the same numbers from the counters. */
function numbers(cache: MemcachedCache, { counts }: RecordingCounters): Record<string, number> {
    const { servers, ...own } = cache.getStats();
    expect(servers.length).toBe(1);
    const known = Object.entries(own).filter(([, count]) => count > 0);
    const names = COUNTER_NAMES.cache as Readonly<Record<string, string>>;
    expect(counts).toEqual(Object.fromEntries(known.map(([name, count]) => [names[name], count])));
    return own;
}

it('counts hits, misses and stores of every command', async () => {
    const counters = new RecordingCounters();
    const cache = await open({}, counters);
    expect(numbers(cache, counters)).toEqual(NOTHING);
    await cache.store(null, 'key', { a: 1 });
    await cache.retrieve(null, 'key');
    await cache.retrieve(null, 'nothing');
    await cache.contains(null, 'key');
    await cache.retrieveAndTouch(null, 'key');
    await cache.retrieveAndTouch(null, 'nothing');
    expect(numbers(cache, counters)).toEqual({ ...NOTHING, hits: 3, misses: 2, stored: 1 });
    await cache.storeMany(null, { a: 1, b: 2, gone: null });
    await cache.retrieveMany(null, ['a', 'b', 'c', 'd', 'e']);
    expect(numbers(cache, counters)).toEqual({ ...NOTHING, hits: 5, misses: 5, stored: 3 });
    await cache.add(null, 'a', 'is there');
    await cache.add(null, 'added', 1);
    await cache.update(null, 'a', () => 'updated');
    // These commands do not count as a lookup.
    await cache.remove(null, 'a');
    await cache.remove(null, 'nothing');
    await cache.touch(null, 'b');
    expect(numbers(cache, counters)).toEqual({ ...NOTHING, hits: 5, misses: 5, stored: 5 });
});

it('counts a compressed value as a hit, and a value that is not JSON as a miss', async () => {
    const counters = new RecordingCounters();
    const cache = await open({ compress_min: 100 }, counters);
    await cache.store(null, 'key', 'x'.repeat(10_000));
    expect(await cache.retrieve(null, 'key')).toHaveLength(10_000);
    await writeItem(server, `${prefix}:other`, 'no JSON');
    expect(await cache.retrieve(null, 'other')).toBeNull();
    // The flags announce a compressed value.
    await writeItem(server, `${prefix}:broken`, 'not compressed at all', 0x50530002);
    expect(await cache.retrieve(null, 'broken')).toBeNull();
    expect(numbers(cache, counters)).toEqual({ ...NOTHING, stored: 1, hits: 1, misses: 2, undecodable: 2 });
});

it('counts evictions by max_size, and capped expiries', async () => {
    const counters = new RecordingCounters();
    const cache = await open({ max_size: 3, max_expiration: 5000 }, counters);
    for (let i = 0; i < 10; i++) await cache.store(null, `key${i}`, i, i < 2 ? 6000 : 4000);
    await cache.storeMany(null, { a: 1, b: 2 }, 4000);
    expect(numbers(cache, counters)).toEqual({ ...NOTHING, stored: 12, evicted: 9, cappedExpirations: 2 });
});

it('counts errors, but not as misses', async () => {
    const counters = new RecordingCounters();
    const cache = await open({}, counters);
    proxy.begin(holding);
    const calls = [
        cache.retrieve(null, 'key'),
        cache.store(null, 'key', 1),
        cache.retrieveMany(null, ['a', 'b', 'c']),
        cache.increment(null, 'key'),
    ];
    expect(await Promise.all(calls.map(codeOf))).toEqual(['TIMEOUT', 'TIMEOUT', 'BATCH_FAILED', 'TIMEOUT']);
    proxy.begin(passing);
    expect(await codeOf(cache.retrieve(null, ''))).toBe('INVALID_KEY');
    expect(numbers(cache, counters)).toEqual({ ...NOTHING, failed: 5 });
});

it('counts calls without memcached separately', async () => {
    const counters = new RecordingCounters();
    const cache = await open({ fail_soft: true }, counters);
    await cache.store(null, 'key', 1);
    proxy.begin(holding);
    const [one, many] = await Promise.all([cache.retrieve(null, 'key'), cache.retrieveMany(null, ['a', 'b'])]);
    expect([one, many.size]).toEqual([null, 0]);
    expect(await codeOf(cache.retrieve(null, ''))).toBe('INVALID_KEY');
    expect(numbers(cache, counters)).toEqual({ ...NOTHING, stored: 1, fallbacks: 3, failed: 1 });
});

it('keeps its own statistics after close, and never changes a snapshot', async () => {
    const cache = await opener.cache(server);
    const before = cache.getStats();
    await cache.retrieve(null, 'nothing');
    await cache.close(null);
    expect(before).toMatchObject({ misses: 0, servers: [{ calls: 1 }] });
    expect(cache.getStats()).toEqual({ ...NOTHING, misses: 1, servers: [] });
    expect(Object.isFrozen(before)).toBe(true);
    expect(await codeOf(cache.retrieve(null, 'nothing'))).toBe('NOT_OPENED');
    expect(cache.getStats().failed).toBe(1);
});

it('ignores failing counters, and calls the counters after them', async () => {
    const counters = new RecordingCounters();
    const cache = await open({}, new FailingCounters(), counters);
    expect(await cache.store(null, 'key', 1)).toBe(1);
    expect(await cache.retrieve(null, 'key')).toBe(1);
    await new Promise(setImmediate);
    expect(numbers(cache, counters)).toEqual({ ...NOTHING, stored: 1, hits: 1 });
});

it('counts and measures the calls of loaders, including failed calls', async () => {
    const counters = new RecordingCounters();
    const cache = await open({}, counters);
    const load = (key: string, give: () => unknown) =>
        cache.retrieveOrLoad(null, key, 5000, async () => {
            await sleep(30);
            return give();
        });
    expect(await Promise.all([load('a', () => 1), load('a', () => 2)])).toEqual([1, 1]);
    expect(await load('a', () => 3)).toBe(1);
    const failing = load('b', () => {
        throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(numbers(cache, counters)).toMatchObject({ loads: 2, hits: 1, stored: 1 });
    const times = counters.values['memcached.cache.load_time']!;
    expect(times.length).toBe(2);
    for (const ms of times) expect(ms).toBeGreaterThan(25);
});

it('publishes a trace of each call of a loader', async () => {
    const cache = await open();
    const seen: unknown[] = [];
    const listener = { asyncEnd: (context: object) => seen.push(context) };
    const channel = tracingChannel<unknown, object>('pip-services4-memcached:load');
    channel.subscribe(listener as never);
    try {
        expect(await cache.retrieveOrLoad(null, 'a', 5000, () => 'secret')).toBe('secret');
        expect(await cache.retrieveOrLoad(null, 'a', 5000, () => 'other')).toBe('secret');
        expect(await cache.retrieveOrLoad(null, 'b', 5000, () => null)).toBeNull();
    } finally {
        channel.unsubscribe(listener as never);
    }
    expect(seen).toEqual([
        { key: 'a', result: 'loaded' },
        { key: 'b', result: 'nothing' },
    ]);
});
