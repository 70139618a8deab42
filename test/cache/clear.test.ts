import { MemcachedClient } from '../../src/client/MemcachedClient';
import type { MemcachedCache } from '../../src/cache/MemcachedCache';
import { codeOf, configOf, openCache } from '../support/openCache';
import { MemcachedProcess } from '../support/server/MemcachedProcess';
import { RecordingProxy } from '../support/proxy/RecordingProxy';
import { readItem, readStat, writeItem } from '../support/server/textProtocol';

const HEADER_BYTES = 24;
const TTL_MS = 400;

let server: MemcachedProcess;
let prefix: string;
let count = 0;
const caches: MemcachedCache[] = [];

beforeAll(async () => {
    server = await MemcachedProcess.start();
});
afterAll(() => server.end());
beforeEach(() => (prefix = `g${count++}:`));
afterEach(() => Promise.all(caches.splice(0).map(one => one.close(null))));

async function open(more: Record<string, unknown> = {}, at: unknown = server): Promise<MemcachedCache> {
    const options = { prefix: prefix, generation_ttl: TTL_MS, max_size: 0, ...more };
    const one = await openCache(at as MemcachedProcess, options);
    caches.push(one);
    return one;
}

/** As long as others may answer what was cleared, and a little. */
const untilHeard = (): Promise<void> => sleep(TTL_MS + 50);

/** The opcodes and keys of what was sent. */
function framesOf(writes: readonly Buffer[]): string[] {
    const bytes = Buffer.concat(writes);
    const frames: string[] = [];
    for (let at = 0; at < bytes.length; at += HEADER_BYTES + bytes.readUInt32BE(at + 8)) {
        const key = at + HEADER_BYTES + bytes[at + 4]!;
        frames.push(`${bytes[at + 1]} ${bytes.toString('utf8', key, key + bytes.readUInt16BE(at + 2))}`);
    }
    return frames;
}

async function withClient<T>(use: (client: MemcachedClient) => Promise<T>, at = server): Promise<T> {
    const client = new MemcachedClient([at]);
    await client.open();
    try {
        return await use(client);
    } finally {
        await client.close();
    }
}

describe('clear', () => {
    it('puts everything under its prefix out of reach, and leaves 10,000 keys of another prefix', async () => {
        const [one, other] = [await open(), await open({ prefix: `${prefix}other:` })];
        const entries = new Map(Array.from({ length: 10_000 }, (_, i) => [`key${i}`, i] as const));
        await one.storeMany(null, entries);
        await other.storeMany(null, entries);
        expect(await one.clear(null)).toBeUndefined();
        expect((await one.retrieveMany(null, entries.keys())).size).toBe(0);
        expect(await one.retrieve(null, 'key1')).toBeNull();
        expect(await one.contains(null, 'key1')).toBe(false);
        expect(await one.touch(null, 'key1')).toBe(false);
        expect(await one.replace(null, 'key1', 1)).toBe(false);
        expect(await one.increment(null, 'key1')).toBeNull();
        expect(await one.append(null, 'key1', 'x')).toBe(false);
        expect(await one.retrieveAndTouch(null, 'key1')).toBeNull();
        expect(await one.remove(null, 'key1')).toBeNull();
        expect(await one.add(null, 'key1', 'new')).toBe(true);
        expect(await one.retrieve(null, 'key1')).toBe('new');
        expect(await other.retrieveMany(null, entries.keys())).toEqual(entries);
    });

    it('reaches other instances after generation_ttl at most, and those opened later at once', async () => {
        const [one, other] = [await open(), await open()];
        await one.store(null, 'key', 1, 5000);
        expect(await other.retrieve(null, 'key')).toBe(1);
        await one.clear(null);
        await untilHeard();
        expect(await other.retrieve(null, 'key')).toBeNull();
        await other.store(null, 'key', 2, 5000);
        expect(await one.retrieve(null, 'key')).toBe(2);
        const third = await open();
        expect(await third.retrieve(null, 'key')).toBe(2);
        await third.clear(null);
        await untilHeard();
        expect([await one.retrieve(null, 'key'), await other.retrieve(null, 'key')]).toEqual([null, null]);
    });

    it('by several at once, again and again: what was stored before is gone for all of them', async () => {
        const many = await Promise.all(Array.from({ length: 5 }, () => open()));
        for (let round = 0; round < 3; round++) {
            await Promise.all(many.map((one, i) => one.store(null, `key${i}`, round, 5000)));
            await Promise.all(many.flatMap(one => [one.clear(null), one.clear(null)]));
            await untilHeard();
            for (const one of many) {
                expect((await one.retrieveMany(null, ['key0', 'key1', 'key2', 'key3', 'key4'])).size).toBe(0);
            }
            await many[0]!.store(null, 'shared', round, 5000);
            for (const one of many) expect(await one.retrieve(null, 'shared')).toBe(round);
        }
    });

    it('makes room: what is out of reach does not count for max_size', async () => {
        const one = await open({ max_size: 2 });
        await one.storeMany(null, { a: 1, b: 1 });
        await one.clear(null);
        await one.storeMany(null, { c: 1, d: 1 });
        expect((await one.retrieveMany(null, ['a', 'b', 'c', 'd'])).size).toBe(2);
    });

    it('without a prefix, without generations, or where keys are too short for them is refused', async () => {
        for (const options of [{ prefix: '' }, { generation_ttl: 0 }]) {
            const one = await open(options);
            await one.store(null, 'key', 1, 5000);
            await expect(one.clear('trace')).rejects.toMatchObject({ code: 'NO_PREFIX', trace_id: 'trace' });
            expect(await one.retrieve(null, 'key')).toBe(1);
        }
    });

    it('in the middle of other calls breaks none of them', async () => {
        const one = await open({ compress_min: 100 });
        const long = 'x'.repeat(100_000);
        for (let round = 0; round < 20; round++) {
            const calls = [
                one.store(null, 'plain', round, 5000),
                one.store(null, 'packed', long, 5000),
                one.storeMany(null, { a: 1, b: long }),
                one.update<number>(null, 'n', value => (value ?? 0) + 1),
                one.clear(null),
                one.update<number>(null, 'n', value => (value ?? 0) + 1),
                one.retrieveMany(null, ['plain', 'packed', 'a']),
            ];
            await Promise.all(calls);
            await one.clear(null);
            expect((await one.retrieveMany(null, ['plain', 'packed', 'a', 'b', 'n'])).size).toBe(0);
        }
    });
});

describe('keys', () => {
    it.each([20, 238, 240, 243, 247, 250])(
        'of %d bytes work before and after a clear, and are not mixed up',
        async bytes => {
            const one = await open();
            const make = (last: string, fill = 'k'): string => {
                const room = bytes - Buffer.byteLength(prefix + last);
                return (
                    fill.repeat(Math.floor(room / Buffer.byteLength(fill))) +
                    'a'.repeat(room % Buffer.byteLength(fill)) +
                    last
                );
            };
            const keys = [make('1'), make('2'), make('3', 'č')];
            for (let round = 0; round < 3; round++) {
                await one.storeMany(null, new Map(keys.map(key => [key, key + round])));
                for (const key of keys) expect(await one.retrieve(null, key)).toBe(key + round);
                expect([...(await one.retrieveMany(null, keys)).keys()]).toEqual(keys);
                await one.clear(null);
                expect((await one.retrieveMany(null, keys)).size).toBe(0);
            }
            // Not more than that either.
            for (let round = 0; round < 2; round++) {
                const long = 'k'.repeat(251 - prefix.length);
                expect(await codeOf(one.retrieve(null, long))).toBe('INVALID_KEY');
                expect(await codeOf(one.store(null, long, 1))).toBe('INVALID_KEY');
                expect(await codeOf(one.retrieveMany(null, [long]))).toBe('INVALID_KEY');
                expect(await codeOf(one.store(null, `${'k'.repeat(240 - prefix.length)} d`, 1))).toBe('INVALID_KEY');
                expect(await codeOf(one.store(null, `${'k'.repeat(240 - prefix.length)}\ud800`, 1))).toBe(
                    'INVALID_KEY',
                );
                await one.clear(null);
            }
        },
    );

    it('with a small max_key_size of its own', async () => {
        const one = await open({ max_key_size: prefix.length + 5 });
        for (let round = 0; round < 2; round++) {
            expect(await codeOf(one.store(null, 'sixsix', 1))).toBe('INVALID_KEY');
            await one.store(null, 'five5', round, 5000);
            expect(await one.retrieve(null, 'five5')).toBe(round);
            await one.clear(null);
            expect(await one.retrieve(null, 'five5')).toBeNull();
        }
    });

    it('#generation is taken', async () => {
        const one = await open();
        for (let round = 0; round < 2; round++) {
            expect(await codeOf(one.store(null, '#generation', 1))).toBe('INVALID_KEY');
            expect(await codeOf(one.retrieve(null, '#generation'))).toBe('INVALID_KEY');
            expect(await codeOf(one.remove(null, '#generation'))).toBe('INVALID_KEY');
            await one.clear(null);
        }
        const bare = await open({ prefix: '' });
        await bare.store(null, '#generation', 1, 5000);
        expect(await bare.retrieve(null, '#generation')).toBe(1);
    });

    it('are as they always were before the first clear', async () => {
        const one = await open();
        await one.store(null, 'key', 1, 5000);
        expect(await readItem(server, `${prefix}key`)).toMatchObject({ value: '1' });
    });
});

describe('round trips', () => {
    it('while the generation is known there are no others', async () => {
        const proxy = await RecordingProxy.start(server);
        const one = await open({ generation_ttl: 60_000 }, proxy);
        await one.clear(null);
        await one.store(null, 'key', 1, 5000);
        proxy.writes.length = 0;
        for (let i = 0; i < 50; i++) await one.retrieve(null, 'key');
        await one.store(null, 'key', 2, 5000);
        await one.retrieveMany(null, ['key']);
        const frames = framesOf(proxy.writes);
        expect(frames.filter(frame => frame.includes('#generation'))).toEqual([]);
        expect(frames.filter(frame => frame.startsWith('0 ')).length).toBe(50);
        expect(proxy.writes.length).toBe(52);
        await one.close(null);
        await proxy.end();
    });

    it('in a busy service it is asked for in the background, about twice per generation_ttl', async () => {
        const proxy = await RecordingProxy.start(server);
        const one = await open({}, proxy);
        await one.retrieve(null, 'key');
        proxy.writes.length = 0;
        const begun = performance.now();
        while (performance.now() - begun < 4 * TTL_MS) {
            await one.retrieve(null, 'key');
            await sleep(5);
        }
        const asked = framesOf(proxy.writes).filter(frame => frame.includes('#generation')).length;
        expect(asked).toBeGreaterThanOrEqual(2);
        expect(asked).toBeLessThanOrEqual(9);
        await one.close(null);
        await proxy.end();
    });

    it('many who need it at once ask once', async () => {
        const proxy = await RecordingProxy.start(server);
        const one = await open({}, proxy);
        proxy.writes.length = 0;
        await Promise.all(Array.from({ length: 100 }, (_, i) => one.retrieve(null, `key${i}`)));
        expect(framesOf(proxy.writes).filter(frame => frame.includes('#generation')).length).toBe(1);
        await one.close(null);
        await proxy.end();
    });

    it('without a prefix, or with generation_ttl 0, nothing is ever asked', async () => {
        const proxy = await RecordingProxy.start(server);
        for (const options of [{ prefix: '' }, { generation_ttl: 0 }]) {
            const one = await open(options, proxy);
            await one.retrieve(null, 'key');
        }
        expect(framesOf(proxy.writes).filter(frame => frame.includes('#generation'))).toEqual([]);
        await Promise.all(caches.splice(0).map(one => one.close(null)));
        await proxy.end();
    });
});

describe('a generation that memcached has lost', () => {
    const lose = () => withClient(client => client.delete(`${prefix}#generation`));

    it('does not bring back what was cleared, before the first clear or later', async () => {
        const [one, other] = [await open(), await open()];
        await one.store(null, 'key', 'first', 50_000);
        await one.clear(null);
        await one.store(null, 'key', 'second', 50_000);
        await one.clear(null);
        await untilHeard();
        expect(await other.retrieve(null, 'key')).toBeNull();
        await lose();
        await untilHeard();
        for (let i = 0; i < 3; i++) {
            expect([await one.retrieve(null, 'key'), await other.retrieve(null, 'key')]).toEqual([null, null]);
            await sleep(TTL_MS / 2);
        }
        // They agree again, and with whoever comes later.
        await untilHeard();
        await one.retrieve(null, 'any');
        await untilHeard();
        await one.store(null, 'key', 'third', 50_000);
        expect(await one.retrieve(null, 'key')).toBe('third');
        expect(await other.retrieve(null, 'key')).toBe('third');
        expect(await (await open()).retrieve(null, 'key')).toBe('third');
    });

    it('nor when one instance has missed the last clears of another', async () => {
        const [late, busy] = [await open({ generation_ttl: 60_000 }), await open()];
        await late.clear(null);
        await untilHeard();
        // The generation after the one that `late` knows is filled and cleared behind its back.
        await busy.retrieve(null, 'key');
        await busy.clear(null);
        await busy.store(null, 'key', 'cleared', 50_000);
        await busy.clear(null);
        await busy.close(null);
        await lose();
        await late.clear(null);
        expect(await late.retrieve(null, 'key')).toBeNull();
    });

    it('is taken anew by clear, past all that were', async () => {
        const one = await open({ generation_ttl: 60_000 });
        await one.clear(null);
        await one.store(null, 'key', 1, 50_000);
        await lose();
        await (await open()).clear(null);
        await one.clear(null);
        expect(await one.retrieve(null, 'key')).toBeNull();
        // Somebody has written a number that was long ago.
        await writeItem(server, `${prefix}#generation`, '5');
        await one.clear(null);
        expect(await one.retrieve(null, 'key')).toBeNull();
        await one.store(null, 'key', 2, 50_000);
        expect(await (await open()).retrieve(null, 'key')).toBe(2);
    });

    it('that is no number is no generation, and clear says so', async () => {
        const one = await open();
        await one.clear(null);
        await one.store(null, 'key', 1, 50_000);
        await writeItem(server, `${prefix}#generation`, 'text');
        await untilHeard();
        expect(await one.retrieve(null, 'key')).toBe(1);
        expect(await codeOf(one.clear(null))).toBe('NOT_A_NUMBER');
        expect(await one.retrieve(null, 'key')).toBe(1);
    });

    it('with a server that was restarted: the cache is empty, and works', async () => {
        const dying = await MemcachedProcess.start();
        const one = await open({ retry: 30, failures: 1 }, dying);
        await one.clear(null);
        await one.store(null, 'key', 1, 50_000);
        await dying.restart();
        await untilHeard();
        while ((await codeOf(one.store(null, 'key', 2, 50_000))) !== 'answered 2') await sleep(20);
        await untilHeard();
        await one.store(null, 'key', 3, 50_000);
        expect(await one.retrieve(null, 'key')).toBe(3);
        expect(await (await open({}, dying)).retrieve(null, 'key')).toBe(3);
        await Promise.all(caches.splice(0).map(cache => cache.close(null)));
        await dying.end();
    });
});

describe('while the server of the generation', () => {
    const REQUEST_TIMEOUT_MS = 300;

    /** Two servers: the generation is on the one that dies, `key` on the other. */
    async function openPair(more: Record<string, unknown> = {}) {
        const [dying, alive] = [await MemcachedProcess.start(), await MemcachedProcess.start()];
        const ring = new MemcachedClient([dying, alive]);
        while (ring.home(`${prefix}#generation`).address !== dying.address) prefix = `g${count++}:`;
        const options = { request_timeout: REQUEST_TIMEOUT_MS, retry: 50, ...more };
        const [one, other] = [await open(options, [dying, alive]), await open(options, [dying, alive])];
        await one.clear(null);
        let value = 0;
        while ((await readStat(alive, 'curr_items')) === 0) await one.store(null, `key${++value}`, value, 50_000);
        const key = `key${value}`;
        expect(await other.retrieve(null, key)).toBe(value);
        return { dying, alive, one, other, key, value };
    }

    const end = async ({ dying, alive }: { dying: MemcachedProcess; alive: MemcachedProcess }) => {
        await Promise.all(caches.splice(0).map(cache => cache.close(null)));
        await Promise.all([dying.end(), alive.end()]);
    };

    it('is away, the last one known goes on', async () => {
        const pair = await openPair({ failures: 1 });
        await pair.dying.kill();
        for (let i = 0; i < 4; i++) {
            expect(await pair.one.retrieve(null, pair.key)).toBe(pair.value);
            await untilHeard();
        }
        expect(await codeOf(pair.one.clear(null))).toBe('SERVER_DOWN');
        await pair.dying.restart();
        // Memcached has lost it: nobody may believe what was stored.
        while ((await codeOf(pair.one.clear(null))) !== 'answered undefined') await sleep(20);
        expect(await pair.one.retrieve(null, pair.key)).toBeNull();
        await end(pair);
    });

    it('is silent, those who ask often wait once at most', async () => {
        // So long that a second request is not answered either when the time of the first is over.
        const timeoutMs = 1.5 * TTL_MS;
        const pair = await openPair({ failures: 1000, request_timeout: timeoutMs });
        await pair.dying.stop();
        const begun = performance.now();
        const waits: number[] = [];
        while (performance.now() - begun < 8 * TTL_MS) {
            const before = performance.now();
            expect(await pair.one.retrieve(null, pair.key)).toBe(pair.value);
            waits.push(performance.now() - before);
            await sleep(10);
        }
        expect(waits.filter(ms => ms > timeoutMs / 3).length).toBeLessThanOrEqual(1);
        expect(Math.max(...waits)).toBeLessThan(timeoutMs + 500);
        pair.dying.continue();
        await end(pair);
    });

    it('comes back, who has not asked for long hears of a clear before he answers', async () => {
        const pair = await openPair({ failures: 1000 });
        await pair.dying.stop();
        await untilHeard();
        expect(await pair.other.retrieve(null, pair.key)).toBe(pair.value);
        pair.dying.continue();
        while ((await codeOf(pair.one.clear(null))) !== 'answered undefined') await sleep(20);
        await untilHeard();
        await untilHeard();
        expect(await pair.other.retrieve(null, pair.key)).toBeNull();
        await end(pair);
    });

    it('has never been there, nobody guesses; with fail_soft it is a miss', async () => {
        const pair = await openPair();
        await pair.dying.kill();
        const servers = [pair.dying, pair.alive];
        const strict = await open({ request_timeout: 300, failures: 1 }, servers);
        expect(await codeOf(strict.retrieve(null, pair.key))).toMatch(/SERVER_DOWN|CONNECT|TIMEOUT/);
        const soft = await open({ request_timeout: 300, fail_soft: true }, servers);
        expect(await soft.retrieve(null, pair.key)).toBeNull();
        expect(await soft.store(null, pair.key, 2, 5000)).toBe(2);
        expect((await soft.retrieveMany(null, [pair.key])).size).toBe(0);
        await end(pair);
    });
});

describe('what was asked for before', () => {
    it('close and another configuration says nothing about the time after it', async () => {
        const [first, second] = [await MemcachedProcess.start(), await MemcachedProcess.start()];
        const one = await open({}, first);
        await one.clear(null);
        await one.store(null, 'key', 'first', 5000);
        const late = codeOf(one.retrieve(null, 'key'));
        await one.close(null);
        await late;
        one.configure(configOf(second, { prefix: prefix, generation_ttl: 60_000 }));
        await one.open(null);
        await one.store(null, 'key', 'second', 5000);
        expect(await readItem(second, `${prefix}key`)).toMatchObject({ value: '"second"' });
        await one.close(null);
        await Promise.all([first.end(), second.end()]);
    });

    it('close in the middle of asking is an error, and nothing more', async () => {
        const silent = await RecordingProxy.start();
        const one = await open({ fail_soft: true, request_timeout: 200 }, silent);
        const asking = [one.retrieve(null, 'a'), one.retrieveMany(null, ['a']), one.store(null, 'a', 1)];
        await one.close(null);
        expect(await Promise.all(asking.map(codeOf))).toHaveLength(3);
        await silent.end();
    });
});
