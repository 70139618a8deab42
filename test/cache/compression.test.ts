import { randomBytes } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { deflateSync, inflateSync } from 'node:zlib';
import type { MemcachedCache, MemcachedClient } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { timed } from '../support/LagMeter';
import { holding } from '../support/proxy/FaultProxy';
import { randomOf } from '../support/random';
import { useOpener, useServer } from '../support/Opener';
import { writeItem } from '../support/server/textProtocol';
import type { Settings } from '../support/settings';
import { sleep } from '../support/sleep';

const BYTES = 0x5053_0001;
const TEXT_DEFLATED = 0x5053_0002;
const BYTES_DEFLATED = 0x5053_0003;
const MiB = 2 ** 20;

const server = useServer({ maxItemBytes: 16 * MiB, memoryMegabytes: 256 });
const opener = useOpener();
const { logger } = opener;
let cache: MemcachedCache;
/** A client that reads the stored items directly. */
let client: MemcachedClient;

const open = (settings: Settings = {}) => opener.cache(server, { request_timeout: 10_000, ...settings });

beforeEach(async () => {
    [cache, client] = await Promise.all([open({ compress_min: 1000 }), opener.client(server)]);
});

const flagsOf = async (key: string): Promise<number> => (await client.gets(key)).flagBits;
const lengthOf = async (key: string): Promise<number> => (await client.gets(key)).value!.length;

describe('a compressed value', () => {
    it('is restored unchanged when it has at least compress_min bytes', async () => {
        const text = 'žluťoučký kůň 🐎 '.repeat(1000);
        for (const [value, flags] of [
            [text, TEXT_DEFLATED],
            [{ text, more: [1, null] }, TEXT_DEFLATED],
            [Buffer.alloc(5000, 'bytes'), BYTES_DEFLATED],
            [Buffer.from(text), BYTES_DEFLATED],
        ] as const) {
            expect(await cache.store(null, 'key', value, 50_000)).toBe(value);
            expect(await flagsOf('key')).toBe(flags);
            expect(await lengthOf('key')).toBeLessThan(1000);
            expect(await cache.retrieve(null, 'key')).toEqual(value);
            expect(await cache.retrieveAndTouch(null, 'key', 50_000)).toEqual(value);
            expect((await cache.retrieveMany(null, ['key', 'nobody'])).get('key')).toEqual(value);
            expect(await cache.contains(null, 'key')).toBe(true);
            expect(await cache.remove(null, 'key')).toEqual(value);
            expect(await cache.add(null, 'key', value, 50_000)).toBe(true);
            expect(await cache.replace(null, 'key', value, 50_000)).toBe(true);
            expect(await flagsOf('key')).toBe(flags);
        }
    });

    it('is readable by a cache that does not compress', async () => {
        const plain = await open();
        await cache.store(null, 'key', 'x'.repeat(5000), 50_000);
        expect(await plain.retrieve(null, 'key')).toBe('x'.repeat(5000));
        await plain.store(null, 'key', 'y'.repeat(5000), 50_000);
        expect(await flagsOf('key')).toBe(0);
        expect(await cache.retrieve(null, 'key')).toBe('y'.repeat(5000));
    });

    it.each([
        ['ASCII', 'x', 998, 997],
        ['two bytes each', 'č', 499, 498],
        ['three bytes each', '€', 333, 332],
        ['four bytes each', '🐎', 250, 249],
    ])('reaches compress_min by its bytes of UTF-8: %s', async (_, one, enough, few) => {
        await cache.store(null, 'enough', one.repeat(enough), 50_000);
        await cache.store(null, 'few', one.repeat(few), 50_000);
        expect([await flagsOf('enough'), await flagsOf('few')]).toEqual([TEXT_DEFLATED, 0]);
        await cache.store(null, 'bytes', Buffer.alloc(1000), 50_000);
        await cache.store(null, 'less', Buffer.alloc(999), 50_000);
        expect([await flagsOf('bytes'), await flagsOf('less')]).toEqual([BYTES_DEFLATED, BYTES]);
    });

    it('is stored plain when compression does not make it smaller', async () => {
        const bytes = randomBytes(5000);
        await cache.store(null, 'bytes', bytes, 50_000);
        expect(await flagsOf('bytes')).toBe(BYTES);
        expect(await cache.retrieve(null, 'bytes')).toEqual(bytes);
        const text = randomBytes(3000).toString('latin1');
        await cache.store(null, 'text', text, 50_000);
        expect([0, TEXT_DEFLATED]).toContain(await flagsOf('text'));
        expect(await cache.retrieve(null, 'text')).toBe(text);
    });

    it('is measured by max_value after compression', async () => {
        const small = await open({ compress_min: 1000, max_value: 2000 });
        const value = 'x'.repeat(100_000);
        await small.store(null, 'key', value, 50_000);
        expect(await small.retrieve(null, 'key')).toBe(value);
        const bytes = randomBytes(5000);
        expect(await codeOf(small.store(null, 'key', bytes, 50_000))).toBe('VALUE_TOO_LARGE');
        expect(await codeOf(small.storeMany(null, { other: 1, key: bytes }, 50_000))).toBe('VALUE_TOO_LARGE');
        expect(await codeOf(small.add(null, 'other', bytes))).toBe('VALUE_TOO_LARGE');
        expect(await codeOf(small.update(null, 'key', () => bytes))).toBe('VALUE_TOO_LARGE');
        expect(await small.retrieve(null, 'key')).toBe(value);
        expect(await small.retrieve(null, 'other')).toBeNull();
    });

    it('keeps its content when the caller changes the bytes later', async () => {
        for (const bytes of [Buffer.alloc(5000, 1), randomBytes(5000)]) {
            const before = Buffer.from(bytes);
            const storing = cache.store(null, 'key', bytes, 50_000);
            bytes.fill(2);
            await storing;
            expect(await cache.retrieve(null, 'key')).toEqual(before);
        }
    });

    it('is restored when it has 10 MiB', async () => {
        const large = await open({ compress_min: 1000, max_value: 16 * MiB });
        const value = Array.from({ length: 100_000 }, (_, i) => ({
            id: i,
            name: `name of ${i}`,
            text: 'x'.repeat(60),
        }));
        await large.store(null, 'large', value, 60_000);
        const found: unknown = await large.retrieve(null, 'large');
        // A comparison of two texts is faster than a comparison of 100,000 objects.
        expect(JSON.stringify(found) === JSON.stringify(value)).toBe(true);
    });

    it('is intact among a thousand concurrent stores', async () => {
        const entries = new Map(Array.from({ length: 1000 }, (_, i) => [`m${i}`, `${i},`.repeat(2000)] as const));
        const unlimited = await open({ compress_min: 1000, max_size: 0 });
        await Promise.all([...entries].map(([key, value]) => unlimited.store(null, key, value, 60_000)));
        expect(await unlimited.retrieveMany(null, entries.keys())).toEqual(entries);
        await unlimited.removeMany(null, entries.keys());
        await unlimited.storeMany(null, entries, 60_000);
        expect(await flagsOf('m999')).toBe(TEXT_DEFLATED);
        const found = await Promise.all([...entries.keys()].map(key => unlimited.retrieve(null, key)));
        expect(found).toEqual([...entries.values()]);
    });
});

describe('an entry that looks compressed', () => {
    const deflated = deflateSync(Buffer.from('{"a":1}'));
    it.each([
        ['garbage', randomBytes(100), TEXT_DEFLATED],
        ['garbage', randomBytes(100), BYTES_DEFLATED],
        ['no bytes', Buffer.alloc(0), TEXT_DEFLATED],
        ['no bytes', Buffer.alloc(0), BYTES_DEFLATED],
        ['half of the bytes', deflated.subarray(0, deflated.length >> 1), TEXT_DEFLATED],
        ['half of the bytes', deflated.subarray(0, deflated.length >> 1), BYTES_DEFLATED],
        ['all but the checksum', deflated.subarray(0, -4), TEXT_DEFLATED],
        ['invalid JSON', deflateSync(Buffer.from('{"a":')), TEXT_DEFLATED],
        ['plain text', Buffer.from('{"a":1}'), TEXT_DEFLATED],
        ['a compressed text under unknown flags', deflated, 0x5053_0006],
        ['a compressed text under the bytes flag of another client', deflated, 2],
        ['a compressed text without flags', deflated, 0],
    ])('is a miss when it holds %s', async (_, bytes, flags) => {
        await writeItem(server, 'key', bytes, flags);
        await cache.store(null, 'good', 'g'.repeat(5000), 50_000);
        expect(await cache.retrieve('trace', 'key')).toBeNull();
        expect([...(await cache.retrieveMany(null, ['key', 'good'])).keys()]).toEqual(['good']);
        expect(await cache.retrieveAndTouch(null, 'key')).toBeNull();
        expect(await cache.remove(null, 'key')).toBeNull();
        expect(logger.count(/expected JSON/)).toBe(1);
    });

    it('is readable when another program has compressed it in the same format', async () => {
        await writeItem(server, 'text', deflateSync('{"a":1}', { level: 9 }), TEXT_DEFLATED);
        await writeItem(server, 'bytes', deflateSync('raw'), BYTES_DEFLATED);
        expect(await cache.retrieve(null, 'text')).toEqual({ a: 1 });
        expect(await cache.retrieve(null, 'bytes')).toEqual(Buffer.from('raw'));
    });

    it('is a miss when it expands to hundreds of megabytes, even twelve times at once', async () => {
        const bomb = deflateSync(Buffer.alloc(200 * MiB), { level: 9 });
        expect(bomb.length).toBeLessThan(MiB);
        await writeItem(server, 'bomb', bomb, BYTES_DEFLATED);
        global.gc?.();
        let most = 0;
        const watching = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20);
        const before = process.memoryUsage().rss;
        const reading = Array.from({ length: 12 }, () => cache.retrieve(null, 'bomb'));
        expect(await Promise.all(reading)).toEqual(Array(12).fill(null));
        clearInterval(watching);
        // Twelve results of 128 MiB each exceed this limit.
        expect(most - before).toBeLessThan(1100 * MiB);
        expect(await cache.store(null, 'key', 'x'.repeat(5000), 50_000)).toBe('x'.repeat(5000));
        expect(await cache.retrieve(null, 'key')).toBe('x'.repeat(5000));
    }, 60_000);
});

describe('the order of compressed writes', () => {
    const long = (of: string): string => of.repeat(100_000);

    it('is the order of the calls per key', async () => {
        const calls: ((value: string) => Promise<unknown>)[] = [
            value => cache.store(null, 'key', long(value), 60_000),
            value => cache.store(null, 'key', value, 60_000),
            () => cache.remove(null, 'key'),
            () => cache.store(null, 'key', null),
            value => cache.storeMany(null, { other: long(value), key: value }, 60_000),
            value => cache.storeMany(null, { key: long(value), other: value }, 60_000),
            () => cache.removeMany(null, ['other', 'key']),
            () => cache.storeMany(null, { key: null, other: null }),
        ];
        const expected: unknown[] = [];
        const found: unknown[] = [];
        for (const first of calls) {
            for (const [i, second] of calls.entries()) {
                await Promise.all([cache.store(null, 'key', long('z'), 60_000), first('a'), second('b')]);
                found.push(((await cache.retrieve(null, 'key')) as string | null)?.[0] ?? null);
                expected.push([2, 3, 6, 7].includes(i) ? null : 'b');
            }
        }
        expect(found).toEqual(expected);
    });

    it('is the order of the calls for verbs that change a stored value', async () => {
        const value = long('a');
        const after = async (call: () => Promise<unknown>): Promise<unknown> => {
            await cache.remove(null, 'key');
            const storing = cache.store(null, 'key', value, 60_000);
            const answer = await call().catch((error: { code: string }) => error.code);
            await storing;
            return answer;
        };
        expect(await after(() => cache.touch(null, 'key', 50_000))).toBe(true);
        expect(await after(() => cache.retrieveAndTouch(null, 'key', 50_000))).toBe(value);
        expect(await after(() => cache.increment(null, 'key', 1, { initial: 7 }))).toBe('NOT_A_NUMBER');
        expect(await after(() => cache.update(null, 'key', old => old === value && 'new'))).toBe('new');
        expect(await cache.retrieve(null, 'key')).toBe('new');
        expect(await after(() => cache.append(null, 'key', 'b'))).toBe(true);
        expect(await cache.retrieve(null, 'key')).toBe(`${value}b`);
    });

    it('is the order of the calls for values that max_size has no room for', async () => {
        const small = await open({ compress_min: 1000, max_size: 2 });
        await Promise.all([
            small.storeMany(null, { first: long('a'), key: 'earlier', last: 1 }, 50_000),
            small.store(null, 'key', 'later', 50_000),
        ]);
        expect(await small.retrieve(null, 'key')).toBe('later');
    });

    it.each<[string, (cache: MemcachedCache) => Promise<unknown>]>([
        ['increment', one => one.increment(null, 'key', 1, { initial: 0 })],
        ['store', one => one.store(null, 'key', 'value', 50_000)],
        ['storeMany', one => one.storeMany(null, { key: 'value' }, 50_000)],
        ['touch', one => one.touch(null, 'key', 50_000)],
    ])('needs no replies, so %s keeps its time limit on a silent server', async (_verb, call) => {
        const silent = await opener.faultProxy(server);
        const one = await opener.cache(silent, { compress_min: 1000, request_timeout: 1000, failures: 1000 });
        silent.begin(holding);
        const ms = await timed(async () => {
            const first = codeOf(one.store(null, 'key', long('a'), 50_000));
            const others = Array.from({ length: 6 }, () => codeOf(call(one)));
            for (const code of await Promise.all([first, ...others])) expect(code).toMatch(/^(TIMEOUT|BATCH_FAILED)$/);
        });
        // One after the other would take seven seconds.
        expect(ms).toBeLessThan(3500);
    });

    it('is not blocked by a value that turns out to be too large', async () => {
        const small = await open({ compress_min: 1000, max_value: 2000 });
        const calls = [
            small.store(null, 'key', randomBytes(5000), 50_000),
            small.store(null, 'key', 'second', 50_000),
            small.storeMany(null, { key: randomBytes(5000) }, 50_000),
            small.storeMany(null, { key: 'fourth' }, 50_000),
        ];
        expect(await Promise.all(calls.map(codeOf))).toEqual([
            'VALUE_TOO_LARGE',
            'answered second',
            'VALUE_TOO_LARGE',
            'answered undefined',
        ]);
        expect(await small.retrieve(null, 'key')).toBe('fourth');
    });

    it('ends with a result or NOT_OPENED for each write when the cache closes', async () => {
        const storing = [
            cache.store(null, 'key', long('a'), 50_000),
            cache.storeMany(null, { key: long('b') }),
            cache.add(null, 'key', long('c')),
        ];
        await cache.close(null);
        for (const code of await Promise.all(storing.map(codeOf))) expect(code).toMatch(/^(NOT_OPENED|answered .*)$/s);
    });
});

it('leaves the event loop free while it compresses 10 MiB', async () => {
    const large = await open({ compress_min: 1000, max_value: 16 * MiB });
    const value = Buffer.alloc(10 * MiB);
    // Four bits of noise in each byte make compression slow but still effective.
    const random = randomOf('noise');
    for (let i = 0; i < value.length; i++) value[i] = random() * 16;
    const begun = performance.now();
    inflateSync(deflateSync(value, { level: 1 }));
    const syncMs = performance.now() - begun;
    const delays: number[] = [];
    // Other programs delay the loop too, but not in every attempt.
    for (let i = 0; i < 5; i++) {
        const meter = monitorEventLoopDelay({ resolution: 1 });
        meter.enable();
        await sleep(20);
        meter.reset();
        await large.store(null, 'large', value, 60_000);
        expect(await flagsOf('large')).toBe(BYTES_DEFLATED);
        const back = (await large.retrieve(null, 'large')) as Buffer;
        meter.disable();
        expect(back.equals(value)).toBe(true);
        delays.push(meter.max / 1e6);
    }
    expect(Math.min(...delays)).toBeLessThan(syncMs / 2);
});
