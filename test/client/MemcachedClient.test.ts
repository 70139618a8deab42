import { MemcachedClient } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { readItem } from '../support/server/textProtocol';
import { sleep } from '../support/sleep';

const open = useOpener();
const server = useServer({ maxItemBytes: 4 * 1024 * 1024 });
let client: MemcachedClient;

beforeEach(async () => {
    client = await open.client(server, { maxValueBytes: 2 * 1024 * 1024 });
    await client.flush();
});

const text = async (key: string) => (await client.get(key)).value?.toString() ?? null;
/** Returns the remaining lifetime of the key in whole seconds, or -1 if the key never expires. */
const ttlOf = async (key: string) => (await readItem(server, key))!.ttl;

describe('get and set', () => {
    it('returns the stored value', async () => {
        expect(await client.set('key', 'value')).toBe(true);
        expect(await client.get('key')).toMatchObject({ value: Buffer.from('value'), flags: Buffer.alloc(4) });
    });

    it('returns null for a miss', async () => {
        expect(await client.get('nothing')).toMatchObject({ value: null, flags: null });
    });

    it.each([
        ['no characters', ''],
        ['unicode', 'žluťoučký kůň 🐎'],
        ['a long text', 'é'.repeat(300_000)],
    ])('keeps a text of %s', async (_, value) => {
        await client.set('key', value);
        expect(await text('key')).toBe(value);
    });

    it.each([0, 1, 4095, 4096, 4097, 65_536, 1_500_000])('keeps a buffer of %d bytes', async size => {
        const value = Buffer.alloc(size, 'memcached');
        await client.set('key', value);
        expect((await client.get('key')).value!.equals(value)).toBe(true);
    });

    it('keeps 32 bits of flags', async () => {
        await client.set('key', 'value', { flags: 0xfffffffe });
        expect(await client.gets('key')).toMatchObject({ flagBits: 0xfffffffe, flags: Buffer.from('fffffffe', 'hex') });
    });

    it('returns values that later replies do not overwrite', async () => {
        const keys = Array.from({ length: 200 }, (_, i) => `key${i}`);
        await Promise.all(keys.map(key => client.set(key, `value of ${key}`)));
        const early = await Promise.all(keys.map(key => client.get(key)));
        await Promise.all(keys.map(key => client.set(key, 'x'.repeat(500))));
        await Promise.all(keys.map(key => client.get(key)));
        expect(early.map(({ value }) => value!.toString())).toEqual(keys.map(key => `value of ${key}`));
    });

    it('expires an item after its expiry', async () => {
        await client.set('key', 'value', { expires: 1 });
        await expect(gone('key')).resolves.toBe(true);
    });

    it.each([-1, 0.5, NaN, Infinity, 2 ** 32])('rejects an expiry of %d', async expires => {
        expect(await codeOf(client.set('key', 'value', { expires }))).toBe('INVALID_TTL');
    });

    it('rejects a value that is neither a string nor bytes', async () => {
        expect(await codeOf(client.set('key', 5 as never))).toBe('NOT_SERIALIZABLE');
        expect(await codeOf(client.set('key', undefined as never))).toBe('NOT_SERIALIZABLE');
    });

    it('rejects a value with more bytes than the limit before it sends a request', async () => {
        const limit = 2 * 1024 * 1024;
        expect(await codeOf(client.set('key', 'é'.repeat(limit / 2 + 1)))).toBe('VALUE_TOO_LARGE');
        expect(await codeOf(client.set('key', Buffer.alloc(limit + 1)))).toBe('VALUE_TOO_LARGE');
        expect(await client.set('key', 'é'.repeat(limit / 2))).toBe(true);
    });
});

describe('key validation', () => {
    it.each([
        ['250 bytes', 'k'.repeat(250)],
        ['250 bytes of UTF-8', 'é'.repeat(125)],
        ['a pair of surrogates', '🐎'],
        ['punctuation', '{}"\\%/:;'],
    ])('accepts %s', async (_, key) => {
        await client.set(key, 'value');
        expect(await text(key)).toBe('value');
    });

    it.each([
        ['251 bytes', 'k'.repeat(251)],
        ['252 bytes of UTF-8', 'é'.repeat(126)],
        ['no characters', ''],
        ['a space', 'a b'],
        ['a newline', 'a\nb'],
        ['NUL', 'a\0'],
        ['DEL', 'a\x7f'],
        ['half a pair of surrogates', 'a\ud800'],
        ['null', null as never],
        ['a number', 5 as never],
    ])('rejects %s', async (_, key) => {
        expect(await codeOf(client.get(key))).toBe('INVALID_KEY');
        expect(await codeOf(client.getMany(['good', key]))).toBe('INVALID_KEY');
    });

    it('reports the length of a rejected key and the limit', async () => {
        await expect(client.get('k'.repeat(260))).rejects.toThrow('invalid key: 260 bytes, expected at most 250');
    });
});

describe('add, replace, append, prepend, delete', () => {
    it('stores with add only once', async () => {
        expect([await client.add('key', '1'), await client.add('key', '2')]).toEqual([true, false]);
        expect(await text('key')).toBe('1');
    });

    it('replaces only an existing item', async () => {
        expect(await client.replace('key', '1')).toBe(false);
        await client.set('key', '0');
        expect(await client.replace('key', '1')).toBe(true);
        expect(await text('key')).toBe('1');
    });

    it('appends to the end and prepends to the beginning', async () => {
        expect(await client.append('key', '>')).toBe(false);
        expect(await client.prepend('key', '<')).toBe(false);
        await client.set('key', '-');
        expect(await client.append('key', '>')).toBe(true);
        expect(await client.prepend('key', Buffer.from('<'))).toBe(true);
        expect(await text('key')).toBe('<->');
    });

    it('returns whether delete has found an item', async () => {
        await client.set('key', 'value');
        expect([await client.delete('key'), await client.delete('key')]).toEqual([true, false]);
        expect(await text('key')).toBeNull();
    });
});

describe('compare and set', () => {
    it('returns the CAS of the new item from casAdd, and null when the key exists', async () => {
        const cas = await client.casAdd('key', '1');
        expect((await client.gets('key')).cas).toBe(cas);
        expect(await client.casAdd('key', '2')).toBeNull();
    });

    it('stores with casSet only when the CAS matches', async () => {
        const cas = (await client.casAdd('key', '1'))!;
        const stored = await client.casSet('key', '2', cas);
        expect(stored.outcome).toBe('stored');
        expect(stored.cas).toBe((await client.gets('key')).cas);
        expect(await client.casSet('key', '3', cas)).toMatchObject({ outcome: 'changed' });
        expect(await client.casSet('other', '3', cas)).toMatchObject({ outcome: 'missing' });
        expect(await text('key')).toBe('2');
    });

    it('deletes with casDelete only when the CAS matches', async () => {
        const cas = (await client.casAdd('key', '1'))!;
        expect(await client.casDelete('key', cas + 1n)).toBe('changed');
        expect(await client.casDelete('key', cas)).toBe('deleted');
        expect(await client.casDelete('key', cas)).toBe('missing');
    });

    it.each([0n, -1n, 2n ** 64n, 5, null, undefined])('rejects %s because it is not a valid CAS', async cas => {
        await client.set('key', 'value');
        expect(await codeOf(client.casSet('key', 'other', cas as never))).toBe('INVALID_CAS');
        expect(await codeOf(client.casDelete('key', cas as never))).toBe('INVALID_CAS');
        expect(await text('key')).toBe('value');
    });
});

describe('a counter', () => {
    const big = 2n ** 64n - 1n;

    it('starts at the initial value and counts beyond 2^53', async () => {
        expect(await client.increment('n', 5)).toEqual({ success: true, value: 0n });
        expect(await client.increment('n', 5)).toEqual({ success: true, value: 5n });
        expect(await client.increment('n', 2n ** 63n)).toEqual({ success: true, value: 2n ** 63n + 5n });
        expect(await client.decrement('n', 2)).toEqual({ success: true, value: 2n ** 63n + 3n });
        expect(await client.increment('m', 1, { initial: big })).toEqual({ success: true, value: big });
    });

    it('wraps at 2^64 and stops at 0', async () => {
        await client.set('n', String(big));
        expect((await client.increment('n', 1)).value).toBe(0n);
        expect((await client.decrement('n', 7)).value).toBe(0n);
    });

    it('creates a counter with the maximum expiry, which the protocol uses for "do not create"', async () => {
        expect(await client.increment('n', 1, { initial: 5, expires: 0xffffffff })).toEqual({
            success: true,
            value: 5n,
        });
    });

    it('does not create a counter when initial is null', async () => {
        expect(await client.increment('n', 1, { initial: null })).toEqual({ success: false, value: null });
        expect(await text('n')).toBeNull();
    });

    it('creates a counter once for many concurrent callers, and loses no count', async () => {
        const clients = await Promise.all([1, 2, 3, 4].map(() => open.client(server)));
        const values = await Promise.all(
            clients.flatMap(one => Array.from({ length: 50 }, () => one.increment('n', 1, { initial: 1 }))),
        );
        expect(values.every(({ success }) => success)).toBe(true);
        expect(new Set(values.map(({ value }) => value)).size).toBe(200);
        expect(await text('n')).toBe('200');
    });

    it.each([-1, 0.5, NaN, 2 ** 53, 2n ** 64n, -1n, '5' as never])('rejects %s as an amount', async amount => {
        expect(await codeOf(client.increment('n', amount))).toBe('INVALID_AMOUNT');
        expect(await codeOf(client.decrement('n', 1, { initial: amount }))).toBe('INVALID_AMOUNT');
    });

    it('rejects with NOT_A_NUMBER when the value is not a number', async () => {
        await client.set('n', 'many');
        await expect(client.increment('n', 1)).rejects.toMatchObject({
            code: 'NOT_A_NUMBER',
            details: { server: server.address },
        });
    });
});

describe('touch', () => {
    it('sets a new expiry, where 0 means never', async () => {
        expect(await client.touch('key', 10)).toBe(false);
        await client.set('key', 'value', { expires: 2 });
        await client.set('other', 'value', { expires: 100 });
        expect(await client.touch('key', 0)).toBe(true);
        expect((await client.getAndTouch('other', 50)).value!.toString()).toBe('value');
        expect([49, 50]).toContain(await ttlOf('other'));
        expect(await ttlOf('key')).toBe(-1);
        expect(await client.getAndTouch('nothing', 1)).toMatchObject({ value: null });
    });

    it('rejects an expiry that memcached does not support', async () => {
        expect(await codeOf(client.touch('key', -1))).toBe('INVALID_TTL');
        expect(await codeOf(client.getAndTouch('key', 1.5))).toBe('INVALID_TTL');
    });
});

describe('a batch', () => {
    const keys = Array.from({ length: 12_345 }, (_, i) => `key:${i}`);

    it('sets, gets and deletes more keys than fit into one write', async () => {
        expect((await client.setMany(keys.map(key => [key, `value of ${key}`]))).failed.size).toBe(0);
        const { items, failed } = await client.getMany([...keys, 'nothing', keys[0]!]);
        expect([items.size, failed.size]).toEqual([keys.length, 0]);
        expect(keys.every(key => items.get(key)!.value!.toString() === `value of ${key}`)).toBe(true);
        await client.deleteMany(keys.slice(1));
        expect([...(await client.getMany(keys)).items.keys()]).toEqual([keys[0]]);
    });

    it('sends nothing for an empty batch', async () => {
        expect(await client.getMany([])).toEqual({ items: new Map(), failed: new Map() });
        expect(await client.setMany([])).toEqual({ failed: new Map() });
        expect(await client.deleteMany([])).toEqual({ failed: new Map() });
    });

    it('stores the valid entries, and reports the errors of the invalid entries', async () => {
        const other = await open.client(await open.server(), { maxValueBytes: 2 * 1024 * 1024 });
        const { failed } = await other.setMany([
            ['a', 'fits'],
            ['b', 'x'.repeat(1_500_000)],
            ['c', 'fits'],
        ]);
        expect([...failed.keys()]).toEqual(['b']);
        expect(failed.get('b')).toMatchObject({ code: 'VALUE_TOO_LARGE' });
        expect([...(await other.getMany(['a', 'b', 'c'])).items.keys()]).toEqual(['a', 'c']);
    });

    it('sends nothing when one value is invalid', async () => {
        const entries = [
            ['a', 'good'],
            ['b', 5 as never],
        ] as const;
        expect(await codeOf(client.setMany(entries))).toBe('NOT_SERIALIZABLE');
        expect(await text('a')).toBeNull();
    });
});

describe('a server', () => {
    it('answers noop, version and stats', async () => {
        await client.noop();
        expect([...(await client.version())]).toEqual([[server.address, expect.stringMatching(/^1\.\d+\.\d+/)]]);
        expect((await client.stats()).get(server.address)).toMatchObject({ pid: String(server.pid) });
    });
});

it('rejects flush when the server does not allow it', async () => {
    const client = await open.client(await open.server({ args: ['-F'] }));
    expect(await codeOf(client.flush())).toBe('AUTH_FAILED');
});

describe('a call in the style of memjs', () => {
    const called = (start: (callback: (...results: unknown[]) => void) => void) =>
        new Promise(resolve => start((...results) => resolve(results)));

    it('accepts callbacks', async () => {
        expect(await called(callback => client.set('key', '1', {}, callback))).toEqual([null, true]);
        expect(await called(callback => client.set('key', '1', callback))).toEqual([null, true]);
        expect(await called(callback => client.get('key', callback))).toEqual([
            null,
            Buffer.from('1'),
            Buffer.alloc(4),
        ]);
        expect(await called(callback => client.get('nothing', callback))).toEqual([null, null, null]);
        expect(await called(callback => client.add('key', '2', {}, callback))).toEqual([null, false]);
        expect(await called(callback => client.replace('key', '5', {}, callback))).toEqual([null, true]);
        expect(await called(callback => client.increment('key', 2, {}, callback))).toEqual([null, true, 7n]);
        expect(await called(callback => client.decrement('key', 1, callback))).toEqual([null, true, 6n]);
        expect(await called(callback => client.append('key', '0', callback))).toEqual([null, true]);
        expect(await called(callback => client.prepend('key', '1', callback))).toEqual([null, true]);
        expect(await called(callback => client.touch('key', 10, callback))).toEqual([null, true]);
        expect(await text('key')).toBe('160');
        expect(await called(callback => client.delete('key', callback))).toEqual([null, true]);
    });

    it('passes errors to callbacks', async () => {
        expect(await called(callback => client.get('', callback))).toMatchObject([{ code: 'INVALID_KEY' }, null, null]);
        expect(await called(callback => client.set('key', 5 as never, {}, callback))).toMatchObject([
            { code: 'NOT_SERIALIZABLE' },
            null,
        ]);
    });

    it('treats a null callback as no callback', async () => {
        expect(await (client.delete('nothing', null as never) as unknown as Promise<boolean>)).toBe(false);
        expect(await client.increment('n', 1, null as never)).toEqual({ success: true, value: 0n });
    });

    it('rejects create(), which needs the transport of memjs', () => {
        expect(() => MemcachedClient.create()).toThrow('new MemcachedClient');
    });

    it('accepts the old order of a callback and an expiry', async () => {
        await called(callback => client.set('key', 'value', callback, 100));
        expect([99, 100]).toContain(await ttlOf('key'));
    });

    it('sends the calls that memjs implements over the sockets of this client', async () => {
        const stats = (await called(callback => client.stats(callback))) as unknown[];
        expect(stats).toEqual([null, server.address, expect.objectContaining({ pid: String(server.pid) })]);
        expect(await client.flush()).toEqual({ [server.address]: true });
    });
});

/** Returns whether the key disappears within 4 seconds. */
async function gone(key: string): Promise<boolean> {
    const until = Date.now() + 4000;
    while (Date.now() < until) {
        if ((await text(key)) === null) return true;
        await sleep(20);
    }
    return false;
}
