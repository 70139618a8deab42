import { References, Descriptor } from 'pip-services4-components-node';
import { KeyvMemcached } from 'pip-services4-memcached-node/keyv';
import { useOpener, useServer } from '../support/Opener';
import { eventually, observe, storeOf } from './useStore';

const server = useServer();
const open = useOpener();

const MANY = Array.from({ length: 100 }, (_, i) => `key${i}`);

it('opens one connection for concurrent first calls', async () => {
    const proxy = await open.recordingProxy(server);
    const { store, errors } = storeOf(open, proxy, { options: { pool_size: 1, protocol: 'binary' } });
    expect(proxy.connections).toBe(0);
    await Promise.all([...MANY.map(key => store.get(key)), store.set('key', 'value'), store.has('key'), store.clear()]);
    expect(proxy.connections).toBe(1);
    expect(errors).toEqual([]);
});

it('does not open before the first call', async () => {
    const { store, errors } = storeOf(open, { port: 1 });
    store.namespace = 'users';
    await store.disconnect();
    expect(errors).toEqual([]);
});

it('uses a memcached that is unavailable at the first call as soon as it runs', async () => {
    const down = await open.server();
    const { store, errors } = storeOf(open, down, { options: { retry: 50, failures: 1 } });
    await down.kill();
    expect(await store.get('key')).toBeUndefined();
    await expect(store.set('key', 'value')).rejects.toMatchObject({ code: expect.any(String) });
    expect(errors.length).toBe(1);
    await down.restart();
    await eventually(() => store.set('key', 'value'));
    expect(await store.get('key')).toBe('value');
});

it('tries to open again when an attempt has failed, and reports each attempt', async () => {
    const down = await open.server();
    await down.kill();
    const cache = open.cacheOf(down);
    const { store, errors } = observe(open, new KeyvMemcached({ cache }));
    expect(await Promise.all([store.get('a'), store.get('b')])).toEqual([undefined, undefined]);
    expect(errors).toEqual(['CONNECT_FAILED', 'CONNECT_FAILED']);
    await expect(store.set('key', 'value')).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
    expect(await store.setMany([{ key: 'a', value: 'x' }])).toEqual([false]);
    expect(await store.getMany(['a', 'b'])).toEqual([undefined, undefined]);
    expect(errors).toHaveLength(4);
    await down.restart();
    expect(await store.set('key', 'value')).toBe(true);
    expect(await store.get('key')).toBe('value');
});

describe('disconnect', () => {
    it('closes the own connection after the calls in flight, and does not open it again', async () => {
        const { store, errors } = storeOf(open, server);
        await store.set('key', 'value');
        const pending = Promise.all(MANY.map(() => store.get('key')));
        const closing = store.disconnect();
        expect(new Set(await pending)).toEqual(new Set(['value']));
        await closing;
        expect(errors).toEqual([]);
        expect(await store.get('key')).toBeUndefined();
        await expect(store.set('key', 'value')).rejects.toMatchObject({ code: 'NOT_OPENED' });
        expect(errors).toEqual(['NOT_OPENED']);
        await store.disconnect();
    });

    it('interrupts an attempt to open', async () => {
        const silent = await open.recordingProxy();
        const { store, errors } = storeOf(open, silent, { options: { connect_timeout: 60_000 } });
        const pending = store.get('key');
        await silent.until(() => silent.connections > 0);
        await store.disconnect();
        expect(await pending).toBeUndefined();
        expect(errors).toEqual(['NOT_OPENED']);
    });

    it('leaves a given cache open', async () => {
        const cache = open.cacheOf(server, { prefix: 'service:' });
        const { store } = observe(open, new KeyvMemcached({ cache }));
        await store.set('key', 'value');
        expect(cache.isOpen()).toBe(true);
        await store.disconnect();
        expect(cache.isOpen()).toBe(true);
        await expect(store.set('key', 'value')).rejects.toMatchObject({ code: 'NOT_OPENED' });
    });
});

describe('a given cache', () => {
    it('stays closed when its owner has closed it, and works again when the owner opens it', async () => {
        const cache = await open.cache(server);
        const { store, errors } = observe(open, new KeyvMemcached({ cache }));
        await store.set('key', 'value');
        await cache.close(null);
        expect(await store.get('key')).toBeUndefined();
        expect(cache.isOpen()).toBe(false);
        expect(errors).toEqual(['NOT_OPENED']);
        await cache.open(null);
        expect(await store.get('key')).toBe('value');
    });

    it('may share a connection', async () => {
        const connection = open.connectionOf(server);
        const references = References.fromTuples(
            new Descriptor('pip-services', 'connection', 'memcached', 'default', '1.0'),
            connection,
        );
        const cache = open.cacheOf([], {}, references);
        const { store, errors } = observe(open, new KeyvMemcached({ cache }));
        expect(await store.get('key')).toBeUndefined();
        expect(errors).toEqual(['NOT_OPENED']);
        await connection.open(null);
        await store.set('key', 'value');
        expect(await store.get('key')).toBe('value');
    });

    it('gives its loggers and counters to the store', async () => {
        const cache = await open.cache(server, { prefix: 'service:', max_expiration: 1000 });
        const { store } = observe(open, new KeyvMemcached({ cache }));
        await store.set('key', 'value', 60_000);
        expect(open.logger.lines.join()).toMatch(/max_expiration/);
    });
});
