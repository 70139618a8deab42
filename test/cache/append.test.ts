import type { MemcachedCache } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { readItem, writeItem } from '../support/server/textProtocol';
import type { Settings } from '../support/settings';

const server = useServer();
const opener = useOpener();
let cache: MemcachedCache;
let prefix: string;

const open = (settings: Settings = {}) => opener.cache(server, { prefix, ...settings });

beforeEach(async () => {
    prefix = `${opener.key}:`;
    cache = await open();
});

describe('append or prepend', () => {
    it('extends a text from one or several processes', async () => {
        expect(await cache.append(null, 'key', 'x')).toBe(false);
        expect(await cache.prepend(null, 'key', 'x')).toBe(false);
        expect(await cache.retrieve(null, 'key')).toBeNull();
        await cache.store(null, 'key', 'b"', 50_000);
        expect(await cache.append(null, 'key', 'č\n', 100_000)).toBe(true);
        expect(await cache.prepend(null, 'key', '🐎')).toBe(true);
        expect(await cache.append(null, 'key', '')).toBe(true);
        expect(await cache.retrieve(null, 'key')).toBe('🐎b"č\n');
        const other = await open();
        await cache.store(null, 'key', '', 50_000);
        const texts = Array.from({ length: 100 }, (_, i) => `<${i}>`);
        await Promise.all(texts.map((text, i) => (i % 2 ? cache : other).append(null, 'key', text)));
        const joined = (await cache.retrieve(null, 'key')) as string;
        expect(joined.length).toBe(texts.join('').length);
        for (const text of texts) expect(joined).toContain(text);
    });

    it('sets the expiry again, by default to options.timeout', async () => {
        cache = await open({ timeout: 200_000 });
        const ttlOf = async (): Promise<number> => (await readItem(server, `${prefix}key`))!.ttl;
        await cache.store(null, 'key', 'b', 50_000);
        await cache.append(null, 'key', 'c');
        expect(await ttlOf()).toBeGreaterThan(100);
        await cache.prepend(null, 'key', 'a', 50_000);
        expect(await ttlOf()).toBeLessThanOrEqual(50);
    });

    it.each([5, ['a'], { a: 1 }, false, Buffer.from('text')])('rejects when the key holds %p', async value => {
        await cache.store(null, 'key', value, 50_000);
        expect(await codeOf(cache.append(null, 'key', 'x'))).toBe('NOT_TEXT');
        expect(await codeOf(cache.prepend(null, 'key', 'x'))).toBe('NOT_TEXT');
        expect(await cache.retrieve(null, 'key')).toEqual(value);
    });

    it.each([null, undefined, 5, ['x'], Buffer.from('x'), Symbol('s')])('rejects %p as text', async more => {
        await cache.store(null, 'key', 'text', 50_000);
        expect(await codeOf(cache.append(null, 'key', more as never))).toBe('NOT_TEXT');
        expect(await codeOf(cache.prepend(null, 'key', more as never))).toBe('NOT_TEXT');
        expect(await cache.retrieve(null, 'key')).toBe('text');
    });

    it('does not change a value of another program', async () => {
        await writeItem(server, `${prefix}key`, 'no json', 7);
        expect(await cache.append(null, 'key', 'x')).toBe(false);
        expect(await readItem(server, `${prefix}key`)).toMatchObject({ value: 'no json', flags: 7 });
    });

    it('rejects when the result is too large', async () => {
        const small = await open({ max_value: 100 });
        await small.store(null, 'key', 'x'.repeat(90));
        expect(await codeOf(small.append(null, 'key', 'y'.repeat(20)))).toBe('VALUE_TOO_LARGE');
        expect(await small.retrieve(null, 'key')).toBe('x'.repeat(90));
    });
});
