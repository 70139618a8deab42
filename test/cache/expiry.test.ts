import type { MemcachedCache } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { expiryIn, requestsIn } from '../support/proxy/messages';
import type { RecordingProxy } from '../support/proxy/RecordingProxy';
import { testProtocol } from '../support/protocol';
import { readItem } from '../support/server/textProtocol';
import type { Settings } from '../support/settings';
import { sleep } from '../support/sleep';

const DAY_MS = 24 * 60 * 60 * 1000;
const DAYS_30 = 30 * 24 * 60 * 60;

const server = useServer();
const opener = useOpener();
let proxy: RecordingProxy;
let count = 0;

beforeEach(async () => {
    proxy = await opener.recordingProxy(server);
});

const open = (settings: Settings = {}) => opener.cache(proxy, settings);

/**
 * Returns the sent expiry and the remaining seconds. The clock of memcached may tick between the
 * two.
 */
async function expiryOf(cache: MemcachedCache, timeout: unknown): Promise<{ sent: number; ttl: number | null }> {
    const key = `expiry-${count++}`;
    await cache.store(null, key, 'value', timeout as number);
    const write = proxy.writes.at(-1)!;
    const item = await readItem(server, key);
    expect(requestsIn(write)).toEqual([{ verb: 'set', key }]);
    return { sent: expiryIn(write), ttl: item && item.ttl };
}

/**
 * Expects a relative expiry up to 30 days, and a Unix time beyond. The clock of memcached ticks
 * once a second. On a busy machine the tick may be late.
 */
async function expectSeconds(cache: MemcachedCache, timeout: unknown, seconds: number): Promise<void> {
    const before = unixTime();
    const begun = performance.now();
    const { sent, ttl } = await expiryOf(cache, timeout);
    const past = 1 + Math.floor((performance.now() - begun) / 1000);
    const isRelative = seconds <= DAYS_30;
    const base = isRelative ? 0 : before;
    expect(sent).toBeGreaterThanOrEqual(base + seconds);
    expect(sent).toBeLessThanOrEqual(isRelative ? seconds : unixTime() + seconds);
    if (ttl === null) return expect(seconds).toBeLessThanOrEqual(past);
    expect(ttl).toBeGreaterThanOrEqual(seconds - past - (isRelative ? 0 : 1));
    expect(ttl).toBeLessThanOrEqual(seconds + (isRelative ? 0 : 5));
}

const unixTime = () => Math.floor(Date.now() / 1000);

describe('the expiry sent to memcached', () => {
    it.each([
        ['1 ms', 1, 1],
        ['half a ms', 0.5, 1],
        ['500 ms', 500, 1],
        ['999 ms', 999, 1],
        ['1000 ms', 1000, 1],
        ['1000.001 ms', 1000.001, 2],
        ['1500 ms', 1500, 2],
        ['2000 ms', 2000, 2],
        ['59 min 59.5 s', 3_599_500, 3600],
        ['30 days', 30 * DAY_MS, DAYS_30],
        ['30 days and 1 s, capped by max_expiration', 30 * DAY_MS + 1000, DAYS_30],
        ['2^31 ms + 1', 2 ** 31 + 1, 2147484],
        ['the maximum number', Number.MAX_VALUE, DAYS_30],
        ['Infinity', Infinity, DAYS_30],
    ])('is in whole seconds, rounded up, for %s', async (_, timeout, seconds) => {
        await expectSeconds(await open(), timeout, seconds);
    });

    it.each([0, -0, -1, -Infinity, null, undefined])('is options.timeout for %s', async timeout => {
        await expectSeconds(await open({ timeout: 20_500 }), timeout, 21);
    });

    it('is a minute by default', async () => {
        await expectSeconds(await open(), undefined, 60);
    });

    it.each([
        ['30 days', 30 * DAY_MS, DAYS_30],
        ['30 days and 1 s', 30 * DAY_MS + 1000, DAYS_30 + 1],
        ['31 days', 31 * DAY_MS, 31 * 24 * 60 * 60],
        ['10 years', 3650 * DAY_MS, 3650 * 24 * 60 * 60],
    ])('is a Unix time beyond 30 days when max_expiration allows %s', async (_, timeout, seconds) => {
        await expectSeconds(await open({ max_expiration: 4000 * DAY_MS }), timeout, seconds);
    });

    it('is the maximum Unix time, not 0, when max_expiration does not cap it', async () => {
        const cache = await open({ max_expiration: Number.MAX_SAFE_INTEGER });
        const maximum = testProtocol === 'meta' ? 2 ** 31 - 1 : 2 ** 32 - 1;
        const left = maximum - Math.floor(Date.now() / 1000);
        const { sent, ttl } = await expiryOf(cache, Infinity);
        expect(sent).toBe(maximum);
        expect(Math.abs(ttl! - left)).toBeLessThanOrEqual(2);
    });

    it('is at most max_expiration, even for options.timeout', async () => {
        const cache = await open({ max_expiration: 10_000 });
        await expectSeconds(cache, 10_001, 10);
        await expectSeconds(cache, undefined, 10);
        await expectSeconds(cache, 5000, 5);
    });
});

it('logs a capped expiry once', async () => {
    const cache = await open({ max_expiration: 10_000 });
    await expiryOf(cache, 10_000);
    expect(opener.logger.lines).toEqual([]);
    for (const timeout of [10_001, 20_000]) await expiryOf(cache, timeout);
    expect(opener.logger.lines).toEqual(['warn capping expirations at 10000 ms (options.max_expiration)']);
});

it.each([
    ['a text', '1000'],
    ['a bigint', 1000n],
    ['an object', {}],
    ['true', true],
])('rejects %s as a timeout, and stores nothing', async (_, timeout) => {
    const cache = await open();
    expect(await codeOf(cache.store(null, 'typed', 'value', timeout as never))).toBe('INVALID_TTL');
    expect(await cache.retrieve(null, 'typed')).toBeNull();
});

it('keeps a value until it expires', async () => {
    const cache = await open();
    await cache.store(null, 'brief', 'value', 1500);
    expect(await cache.retrieve(null, 'brief')).toBe('value');
    while ((await readItem(server, 'brief')) !== null) await sleep(20);
    expect(await cache.retrieve(null, 'brief')).toBeNull();
});
