import { useOpener, useServer } from '../support/Opener';
import { storeOf } from './useStore';

const server = useServer();
const open = useOpener();

it('answers the verbs of Keyv', async () => {
    const { store, errors } = storeOf(open, server);
    expect(await store.get('key')).toBeUndefined();
    expect(await store.has('key')).toBe(false);
    expect(await store.set('key', '{"value":1}')).toBe(true);
    expect(await store.get('key')).toBe('{"value":1}');
    expect(await store.has('key')).toBe(true);
    expect(await store.delete('key')).toBe(true);
    expect(await store.delete('key')).toBe(false);
    expect(errors).toEqual([]);
});

it('answers the verbs for many keys, in the order of the keys', async () => {
    const { store } = storeOf(open, server);
    const entries = ['a', 'b', 'c'].map(key => ({ key, value: `value of ${key}` }));
    expect(await store.setMany(entries)).toEqual([true, true, true]);
    expect(await store.getMany(['c', 'none', 'a', 'c'])).toEqual(['value of c', undefined, 'value of a', 'value of c']);
    expect(await store.hasMany(['none', 'a'])).toEqual([false, true]);
    expect(await store.deleteMany(['a', 'none'])).toBe(false);
    expect(await store.deleteMany(['b', 'c'])).toBe(true);
    expect(await store.deleteMany(['a', 'b', 'c'])).toBe(false);
    expect([await store.getMany([]), await store.setMany([]), await store.hasMany([])]).toEqual([[], [], []]);
});

it('keeps the order of calls without awaiting them', async () => {
    const { store } = storeOf(open, server);
    await store.get('key');
    void store.set('key', 'first');
    void store.set('key', 'second');
    expect(await store.get('key')).toBe('second');
    void store.delete('key');
    expect(await store.get('key')).toBeUndefined();
});

it('lets the last entry of a key win', async () => {
    const { store } = storeOf(open, server);
    await store.setMany([
        { key: 'key', value: 'first', ttl: 1000 },
        { key: 'other', value: 'other' },
        { key: 'key', value: 'last' },
    ]);
    expect(await store.get('key')).toBe('last');
});

it('removes a value when null or undefined is set', async () => {
    const { store, errors } = storeOf(open, server);
    for (const nothing of [null, undefined]) {
        await store.set('key', 'value');
        expect(await store.set('key', nothing)).toBe(true);
        expect(await store.get('key')).toBeUndefined();
    }
    expect(errors).toEqual([]);
});

it('takes any key', async () => {
    const { store, errors } = storeOf(open, server);
    const keys = [
        'GET:/a?'.padEnd(300, 'x'),
        'a b',
        'a\r\nb',
        'ü',
        '日本',
        '\ud800',
        '#',
        ':',
        '',
        'x'.repeat(100_000),
    ];
    await store.setMany(keys.map((key, i) => ({ key, value: `value ${i}` })));
    expect(await store.getMany(keys)).toEqual(keys.map((_, i) => `value ${i}`));
    for (const [i, key] of keys.entries()) expect(await store.get(key)).toBe(`value ${i}`);
    expect(await store.deleteMany(keys)).toBe(true);
    expect(errors).toEqual([]);
});

it.each([
    ['memcached', {}],
    ['the configuration', { max_key_size: 100 }],
])('takes keys of any length, also about the limit of %s', async (_, options) => {
    const { store, errors } = storeOf(open, server, { options });
    const keys = Array.from({ length: 260 }, (_, i) => 'x'.repeat(i + 1));
    await store.setMany(keys.map(key => ({ key, value: String(key.length) })));
    expect(await store.getMany(keys)).toEqual(keys.map(key => String(key.length)));
    expect(errors).toEqual([]);
});

it('keeps 10,000 values of one call', async () => {
    const { store, errors } = storeOf(open, server);
    const keys = Array.from({ length: 10_000 }, (_, i) => `key${i}`);
    const stored: boolean[] = await store.setMany(keys.map((key, i) => ({ key, value: String(i), ttl: 60_000 + i })));
    expect(stored.filter(Boolean)).toHaveLength(keys.length);
    expect(await store.getMany(keys)).toEqual(keys.map((_, i) => String(i)));
    expect(errors).toEqual([]);
});

it('stores the other values of a batch when one is invalid, and reports one error', async () => {
    const { store, errors } = storeOf(open, server, { options: { max_value: 1000 } });
    const entries = [
        { key: 'good', value: 'value' },
        { key: 'large', value: 'x'.repeat(1001) },
        { key: 'bigint', value: { value: 1n } },
    ];
    expect(await store.setMany(entries)).toEqual([true, false, false]);
    expect(await store.get('good')).toBe('value');
    expect(errors).toEqual(['VALUE_TOO_LARGE']);
});

it('ignores the limit of the cache for the number of values', async () => {
    const { store } = storeOf(open, server);
    const keys = Array.from({ length: 1500 }, (_, i) => `key${i}`);
    for (const key of keys) await store.set(key, 'value');
    expect((await store.hasMany(keys)).filter(Boolean)).toHaveLength(1500);
});

it('has no iterator, because memcached cannot list keys', () => {
    expect('iterator' in storeOf(open, server).store).toBe(false);
});
