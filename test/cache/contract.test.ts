import { MemoryCache, NullCache } from 'pip-services4-logic-node';
import type { MemcachedCache } from 'pip-services4-memcached-node';
import { CacheFixture } from '../support/CacheFixture';
import { useOpener, useServer } from '../support/Opener';

describe.each([
    ['MemcachedCache', {}],
    ['MemcachedCache with a max_size of two', { max_size: 2 }],
])('%s', (_, settings) => {
    const server = useServer();
    const open = useOpener();
    let cache: MemcachedCache;
    beforeEach(async () => {
        cache = await open.cache(server, settings);
    });
    new CacheFixture(() => cache).test();
});

describe('MemoryCache', () => {
    const cache = new MemoryCache();
    new CacheFixture(() => cache).test();
});

describe('NullCache', () => {
    const cache = new NullCache();
    new CacheFixture(() => cache, false).test();
});
