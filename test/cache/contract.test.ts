import { ConfigParams } from 'pip-services4-components-node';
import { MemoryCache, NullCache } from 'pip-services4-logic-node';
import { MemcachedCache } from '../../src/cache/MemcachedCache';
import { CacheFixture } from '../support/CacheFixture';
import { MemcachedProcess } from '../support/server/MemcachedProcess';

describe('MemcachedCache', () => {
    let server: MemcachedProcess;
    const cache = new MemcachedCache();

    beforeAll(async () => {
        server = await MemcachedProcess.start();
        cache.configure(ConfigParams.fromTuples('connection.host', server.host, 'connection.port', server.port));
        await cache.open(null);
    });

    afterAll(async () => {
        await cache.close(null);
        await server.end();
    });

    new CacheFixture(() => cache).test();
});

describe('MemcachedCache that keeps two values', () => {
    let server: MemcachedProcess;
    const cache = new MemcachedCache();

    beforeAll(async () => {
        server = await MemcachedProcess.start();
        const { host, port } = server;
        cache.configure(
            ConfigParams.fromTuples('connection.host', host, 'connection.port', port, 'options.max_size', 2),
        );
        await cache.open(null);
    });

    afterAll(async () => {
        await cache.close(null);
        await server.end();
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
