import { ConfigParams, Context } from 'pip-services4-components-node';
import { CacheEntry, MemoryCache, NullCache } from 'pip-services4-logic-node';

const context = Context.fromTraceId('abc');

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('MemoryCache', () => {
    it('returns the stored object itself', async () => {
        const cache = new MemoryCache();
        const value = { a: 1 };
        expect(await cache.store(context, 'key', value, 1000)).toBe(value);
        expect(await cache.retrieve(context, 'key')).toBe(value);
        expect(await cache.retrieve(null, 'other')).toBeNull();
    });

    it('forgets a value when its timeout is over', async () => {
        const cache = new MemoryCache();
        await cache.store(context, 'key', 'value', 1000);
        jest.advanceTimersByTime(999);
        expect(await cache.retrieve(context, 'key')).toBe('value');
        jest.advanceTimersByTime(1);
        expect(await cache.retrieve(context, 'key')).toBeNull();
    });

    it.each([null, undefined, 0, -1])('uses options.timeout for a timeout of %s', async timeout => {
        const cache = new MemoryCache();
        cache.configure(ConfigParams.fromTuples('options.timeout', 500));
        await cache.store(context, 'key', 'value', timeout as number);
        jest.advanceTimersByTime(499);
        expect(await cache.retrieve(context, 'key')).toBe('value');
        jest.advanceTimersByTime(1);
        expect(await cache.retrieve(context, 'key')).toBeNull();
    });

    it('keeps a value for a minute by default', async () => {
        const cache = new MemoryCache();
        await cache.store(context, 'key', 'value', 0);
        jest.advanceTimersByTime(59_999);
        expect(await cache.retrieve(context, 'key')).toBe('value');
        jest.advanceTimersByTime(1);
        expect(await cache.retrieve(context, 'key')).toBeNull();
    });

    it.each([null, undefined])('removes the entry when the caller stores %s', async nothing => {
        const cache = new MemoryCache();
        await cache.store(context, 'key', 'value', 1000);
        expect(await cache.store(context, 'key', nothing, 1000)).toBe(nothing);
        expect(await cache.retrieve(context, 'key')).toBeNull();
    });

    it('removes an entry and returns nothing', async () => {
        const cache = new MemoryCache();
        await cache.store(context, 'key', 'value', 1000);
        expect(await cache.remove(context, 'key')).toBeUndefined();
        expect(await cache.retrieve(context, 'key')).toBeNull();
        expect(await cache.remove(context, 'key')).toBeUndefined();
    });

    it('rejects a null key with a plain error', async () => {
        const cache = new MemoryCache();
        const key = null as unknown as string;
        for (const promise of [cache.retrieve(null, key), cache.store(null, key, 1, 1), cache.remove(null, key)]) {
            await expect(promise).rejects.toThrow(new Error('Key cannot be null'));
        }
    });

    it('evicts the oldest entry when there are more than options.max_size', async () => {
        const cache = new MemoryCache();
        cache.configure(ConfigParams.fromTuples('options.max_size', 2));
        for (const key of ['a', 'b', 'a', 'c']) await cache.store(context, key, key, 1000);
        expect(await cache.retrieve(context, 'a')).toBe('a');
        expect(await cache.retrieve(context, 'b')).toBeNull();
        expect(await cache.retrieve(context, 'c')).toBe('c');
    });
});

describe('NullCache', () => {
    it('returns the given value and keeps nothing', async () => {
        const cache = new NullCache();
        expect(await cache.store(context, 'key', 'value', 1000)).toBe('value');
        expect(await cache.retrieve(context, 'key')).toBeNull();
        expect(await cache.remove(context, 'key')).toBeUndefined();
    });
});

describe('CacheEntry', () => {
    it('has its key, its value and its expiry', () => {
        const entry = new CacheEntry('key', 'value', 1000);
        expect([entry.getKey(), entry.getValue()]).toEqual(['key', 'value']);
        expect(entry.getExpiration()).toBe(Date.now() + 1000);
        jest.advanceTimersByTime(1000);
        expect(entry.isExpired()).toBe(true);
        entry.setValue('new', 10);
        expect([entry.getValue(), entry.isExpired()]).toEqual(['new', false]);
    });
});
