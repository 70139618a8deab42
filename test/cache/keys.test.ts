import type { MemcachedCache } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import type { RecordingProxy } from '../support/proxy/RecordingProxy';
import { readItem } from '../support/server/textProtocol';

const server = useServer();
const open = useOpener();
let proxy: RecordingProxy;
let cache: MemcachedCache;
let prefixed: MemcachedCache;

beforeEach(async () => {
    proxy = await open.recordingProxy(server);
    [cache, prefixed] = await Promise.all([open.cache(proxy), open.cache(proxy, { prefix: 'préfix:' })]);
});

const PREFIX_BYTES = Buffer.byteLength('préfix:');

describe('a valid key', () => {
    it.each([
        ['one character', 'k'],
        ['250 bytes', 'k'.repeat(250)],
        ['250 bytes of UTF-8', 'é'.repeat(125)],
        ['a horse', '🐎'],
        ['punctuation', '{}"\\%/:;'],
        ['the name of a method', '__proto__'],
        ['spaces and controls beyond ASCII', 'a\u00a0b\u3000c\u0085d'],
    ])('is accepted when it consists of %s', async (_, key) => {
        expect(await cache.store(null, key, [key], 50_000)).toEqual([key]);
        expect(await cache.retrieve(null, key)).toEqual([key]);
        expect(await cache.remove(null, key)).toEqual([key]);
        expect(await cache.retrieve(null, key)).toBeNull();
    });

    it('has up to 250 bytes including the prefix', async () => {
        const key = 'k'.repeat(250 - PREFIX_BYTES);
        await prefixed.store(null, key, 1, 50_000);
        expect(await prefixed.retrieve(null, key)).toBe(1);
        expect(await cache.retrieve(null, `préfix:${key}`)).toBe(1);
        expect(await cache.retrieve(null, key)).toBeNull();
    });
});

const bad: [string, unknown][] = [
    ['251 bytes', 'k'.repeat(251)],
    ['252 bytes of UTF-8', 'é'.repeat(126)],
    ['no characters', ''],
    ['a space', 'a b'],
    ['a newline', 'a\r\nb'],
    ['NUL', 'a\0'],
    ['DEL', '\x7f'],
    ['half a pair of surrogates', '\ud800'],
    ['null', null],
    ['undefined', undefined],
    ['a number', 5],
    ['an object', {}],
    ['a symbol', Symbol('k')],
];

describe.each([
    ['without a prefix', () => cache],
    ['with a prefix', () => prefixed],
])('an invalid key, %s', (_, which) => {
    it.each(bad)('makes every command reject before it sends a request: %s', async (_, key) => {
        const sent = proxy.writes.length;
        for (const attempt of [
            () => which().retrieve('trace', key as string),
            () => which().store('trace', key as string, 'value', 50_000),
            () => which().store('trace', key as string, null, 50_000),
            () => which().remove('trace', key as string),
        ]) {
            await expect(attempt()).rejects.toMatchObject({ code: 'INVALID_KEY', status: 400, trace_id: 'trace' });
        }
        expect(proxy.writes.length).toBe(sent);
    });
});

it('counts the prefix in the length limit and in the message', async () => {
    const key = 'k'.repeat(251 - PREFIX_BYTES);
    expect(await codeOf(cache.store(null, key, 1, 50_000))).toBe('answered 1');
    await expect(prefixed.store(null, key, 1, 50_000)).rejects.toThrow('invalid key: 251 bytes, expected at most 250');
});

it('rejects an invalid key without an effect on concurrent calls', async () => {
    const calls = [cache.store(null, 'good', 1, 50_000), cache.retrieve(null, 'b d'), cache.retrieve(null, 'good')];
    expect(await Promise.allSettled(calls)).toMatchObject([{ value: 1 }, { status: 'rejected' }, { value: 1 }]);
    expect((await readItem(server, 'good'))!.value).toBe('1');
});
