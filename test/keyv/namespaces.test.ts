import { once } from 'node:events';
import { join } from 'node:path';
import { MemcachedConnection } from 'pip-services4-memcached-node';
import { KeyvMemcached } from 'pip-services4-memcached-node/keyv';
import { useOpener, useServer } from '../support/Opener';
import { forkSource } from '../support/forkSource';
import { root } from '../support/root';
import { sleep } from '../support/sleep';
import { observe, storeOf } from './useStore';

const server = useServer();
const open = useOpener();

/** Returns a store as Keyv with this namespace uses it. */
function storeFor(keyvNamespace: string, namespace = open.key): KeyvMemcached {
    const { store } = storeOf(open, server, { namespace });
    store.namespace = keyvNamespace;
    return store;
}

it('keeps the values of namespaces apart, and clears only its own', async () => {
    const stores = [storeFor('users'), storeFor('sessions'), storeFor('users', 'other-app'), storeFor('')];
    for (const [i, store] of stores.entries()) await store.set('key', `value ${i}`);
    for (const [i, store] of stores.entries()) expect(await store.get('key')).toBe(`value ${i}`);
    await stores[0]!.clear();
    expect(await Promise.all(stores.map(store => store.get('key')))).toEqual([
        undefined,
        'value 1',
        'value 2',
        'value 3',
    ]);
    await stores[3]!.clear();
    expect(await stores[1]!.get('key')).toBe('value 1');
});

it.each<[string, (store: KeyvMemcached) => void | Promise<void>]>([
    ['a change of the namespace', store => void (store.namespace = 'other')],
    ['disconnect', store => store.disconnect()],
])('finishes earlier calls at %s', async (_, end) => {
    const { store } = storeOf(open, server, { options: { compress_min: 100 } });
    await store.has('key');
    const long = 'x'.repeat(1000);
    // A large value waits for its compression, and the first call of a namespace for a token.
    const setting = [store.set('long', long), store.set('short', 'value')];
    await end(store);
    expect(await Promise.all(setting)).toEqual([true, true]);
    const again = storeOf(open, server).store;
    expect(await again.getMany(['long', 'short'])).toEqual([long, 'value']);
});

it('writes the namespaces before the key', async () => {
    const client = await open.client(server);
    await storeFor('users').set('key', 'value');
    const { value: token } = await client.get(`${open.key}:users##namespace`);
    const { value } = await client.get(`${open.key}:users##${token!.toString()}:key`);
    expect(value!.toString()).toBe('value');
});

it.each(['a b', '#12345678', 'ü', 'n'.repeat(300), 'sha256:', '\r\n'])('takes the namespace %j', async namespace => {
    const [store, other] = [storeFor(namespace), storeFor('plain')];
    await store.set('key', 'value');
    await other.set('key', 'other');
    expect(await store.get('key')).toBe('value');
    await store.clear();
    expect(await store.get('key')).toBeUndefined();
    expect(await other.get('key')).toBe('other');
});

it('clears for all processes at once', async () => {
    const [one, other] = [storeFor('users'), storeFor('users')];
    for (let i = 0; i < 20; i++) {
        await one.set('key', `value ${i}`);
        expect(await other.get('key')).toBe(`value ${i}`);
        await other.clear();
        expect(await one.get('key')).toBeUndefined();
    }
});

it('follows the clear of another process, which may use the cache itself', async () => {
    const store = storeFor('users');
    await store.set('key', 'value');
    const child = forkSource(join(root, 'test/cache/clearChild.ts'), [`${open.key}:users#`, server.port]);
    try {
        await once(child, 'message');
        expect(await store.get('key')).toBe('value');
        child.send('clear');
        while ((await store.get('key')) !== undefined) await sleep(5);
        await store.set('key', 'new');
        expect(await store.get('key')).toBe('new');
    } finally {
        child.kill();
        await once(child, 'close');
    }
});

it('keeps a value that another process sets after the clear', async () => {
    const [one, other] = [storeFor('users'), storeFor('users')];
    await one.set('key', 'old');
    await Promise.all([other.clear(), one.get('key')]);
    await one.set('key', 'new');
    expect(await other.get('key')).toBe('new');
});

it('changes to the namespace that is set, also while it is in use', async () => {
    const { store, errors } = storeOf(open, server);
    store.namespace = 'first';
    await store.set('key', 'of the first');
    const pending = store.get('key');
    store.namespace = 'second';
    expect(store.namespace).toBe('second');
    expect(await store.get('key')).toBeUndefined();
    expect(await pending).toBe('of the first');
    store.namespace = 'first';
    expect(await store.get('key')).toBe('of the first');
    expect(errors).toEqual([]);
});

it('saves the request for the token if options.clear is false, and cannot clear', async () => {
    const { store } = storeOf(open, server, { options: { clear: false } });
    await store.set('key', 'value');
    const client = await open.client(server);
    expect((await client.get(`${open.key}#key`)).value!.toString()).toBe('value');
    await expect(store.clear()).rejects.toMatchObject({ code: 'NO_PREFIX' });
    expect(await store.get('key')).toBe('value');
});

it.each([{ clear: true }, { clear: false }])('keeps namespaces apart whose names look like keys: %j', async options => {
    const [outer, inner] = [open.key, `${open.key}:admin`].map(
        namespace => storeOf(open, server, { namespace, options }).store,
    );
    await outer!.set('admin:key', 'of the outer one');
    expect(await inner!.get('key')).toBeUndefined();
    await inner!.set('key', 'of the inner one');
    expect(await outer!.get('admin:key')).toBe('of the outer one');
});

it('keeps nothing of a namespace that it has left', async () => {
    const beforeClose = jest.spyOn(MemcachedConnection.prototype, 'beforeClose');
    open.atEnd(() => beforeClose.mockRestore());
    const { store } = storeOf(open, server);
    for (let i = 0; i < 10; i++) {
        store.namespace = `namespace${i}`;
        await store.get('key');
    }
    const { closeListeners } = beforeClose.mock.contexts[0] as unknown as { closeListeners: Set<unknown> };
    expect(beforeClose).toHaveBeenCalledTimes(10);
    expect(closeListeners.size).toBe(1);
});

describe('stores on one cache', () => {
    it('share its connection, and keep their namespaces', async () => {
        const cache = await open.cache(server, { prefix: 'service:', pool_size: 1 });
        const [users, sessions] = ['users', 'sessions'].map(
            namespace => observe(open, new KeyvMemcached({ cache, namespace })).store,
        );
        await users!.set('key', 'user');
        await sessions!.set('key', 'session');
        await cache.store(null, 'key', 'of the service');
        await users!.clear();
        expect(await users!.get('key')).toBeUndefined();
        expect(await sessions!.get('key')).toBe('session');
        expect(await cache.retrieve(null, 'key')).toBe('of the service');
        expect(cache.getStats().servers.map(({ sockets }) => sockets)).toEqual([1]);
        const client = await open.client(server);
        expect((await client.get('service:users##namespace')).value).not.toBeNull();
    });

    it('take its options, but not its limit for the number of values', async () => {
        const cache = await open.cache(server, { prefix: 'service:', max_value: 100 });
        const { store } = observe(open, new KeyvMemcached({ cache }));
        await expect(store.set('key', 'x'.repeat(101))).rejects.toMatchObject({ code: 'VALUE_TOO_LARGE' });
        const keys = Array.from({ length: 1500 }, (_, i) => `key${i}`);
        await store.setMany(keys.map(key => ({ key, value: 'value' })));
        expect((await store.hasMany(keys)).filter(Boolean)).toHaveLength(1500);
    });
});
