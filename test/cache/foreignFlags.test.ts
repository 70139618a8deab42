import type { MemcachedCache } from 'pip-services4-memcached-node';
import { useOpener, useServer } from '../support/Opener';
import { readItem, writeItem } from '../support/server/textProtocol';

const server = useServer();
const open = useOpener();
let cache: MemcachedCache;

beforeEach(async () => {
    cache = await open.cache(server);
});

const binary = (...bytes: number[]) => Buffer.from(bytes);

it.each([
    ['JSON without flags', '{"a":["ž"]}', 0, { a: ['ž'] }],
    ['an integer of PHP', '42', 1, 42],
    ['JSON of npm memcached', '{"a":1}', 2, { a: 1 }],
    ['an integer of Python', '42', 2, 42],
    ['JSON of PHP', '[1]', 6, [1]],
    ['a number of npm memcached', '1.5', 8, 1.5],
    ['JSON in a string of .NET', '{"a":1}', 0x112, { a: 1 }],
])('reads %s', async (_, text, flags, value) => {
    await writeItem(server, 'key', text, flags);
    expect(await cache.retrieve(null, 'key')).toEqual(value);
    expect(await cache.retrieveMany(null, ['key'])).toEqual(new Map([['key', value]]));
    expect(await cache.remove(null, 'key')).toEqual(value);
    expect(open.logger.lines).toEqual([]);
});

it.each([
    ['an Integer of Java that looks like a digit', binary(49), 0x200],
    ['a Long of Java', binary(55), 0x300],
    ['a Boolean of Java', binary(49), 0x100],
    ['a Byte of Java', binary(53), 0x500],
    ['true of PHP', '1', 3],
    ['bytes of npm memcached', '42', 4],
    ['True or a text of Python', '1', 16],
    ['an Int32 of .NET', binary(49, 50, 51, 52), 0x109],
    ['bytes of .NET', '42', 0xfa52],
    ['flags of this package with an unknown bit', '1', 0x50530080],
    ['unknown flags', '{"a":1}', 0xffffffff],
])('counts %s as a miss, and logs it', async (_, value, flags) => {
    await writeItem(server, 'key', value, flags);
    expect(await cache.retrieve(null, 'key')).toBeNull();
    expect(await cache.retrieveMany(null, ['key'])).toEqual(new Map());
    expect(cache.getStats()).toMatchObject({ hits: 0, misses: 2, undecodable: 2 });
    expect(open.logger.lines).toEqual([
        `warn a value with flags ${flags} counts as a miss: expected JSON (options.prefix)`,
    ]);
    expect(await cache.retrieveOrLoad(null, 'key', 50_000, () => 'loaded')).toBe('loaded');
});

it('reads bytes that are not UTF-8 as U+FFFD', async () => {
    await writeItem(server, 'key', binary(0x22, 0x61, 0xff, 0x22));
    expect(await cache.retrieve(null, 'key')).toBe('a\ufffd');
});

it('stores a null as plain JSON, and accepts a JSON null of another program', async () => {
    const nothing = () => Promise.resolve(null);
    expect(await cache.retrieveOrLoad(null, open.key, 50_000, nothing, { nullTimeout: 5000 })).toBeNull();
    let kept = await readItem(server, open.key);
    while (kept?.flags !== 0) kept = await readItem(server, open.key);
    expect(kept.value).toBe('null');
    await writeItem(server, 'theirs', 'null');
    expect(await cache.retrieveOrLoad(null, 'theirs', 50_000, () => 'loaded')).toBeNull();
});
