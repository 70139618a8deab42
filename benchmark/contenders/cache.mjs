import { ofObjects } from './objects.mjs';

const TTL_MS = 600_000;

/**
 * Opens MemcachedCache as a service uses it, with objects as values. With `loop`, this number of
 * concurrent loops stores each batch by `store`.
 */
export async function connect(port, { maxSize, prefix = '', clear = false, loop = 0, isLoadThrough = false }) {
    const { MemcachedCache } = await import('../../dist/index.js');
    const { ConfigParams } = await import('../../dist/framework.js');
    const cache = new MemcachedCache();
    cache.configure(
        ConfigParams.fromTuples(
            ...['connection.host', '127.0.0.1', 'connection.port', port],
            ...['options.prefix', prefix, 'options.clear', clear],
            ...['options.max_size', maxSize, 'options.request_timeout', 5000, 'options.idle', 600_000],
        ),
    );
    await cache.open(null);
    const storeAll = entries => {
        const rest = entries[Symbol.iterator]();
        const store = async () => {
            for (const [key, value] of rest) await cache.store(null, key, value, TTL_MS);
        };
        return Promise.all(Array.from({ length: loop }, store));
    };
    const isInPlace = prefix === '';
    const load = (key, loader) => cache.retrieveOrLoad(null, key, TTL_MS, loader);
    return {
        ...ofObjects,
        isInPlace,
        get: isLoadThrough ? key => load(key, () => null) : key => cache.retrieve(null, key),
        load,
        set: (key, value) => cache.store(null, key, value, TTL_MS),
        getMany: keys => cache.retrieveMany(null, keys),
        item: (found, key) => found.has(key) && JSON.stringify(found.get(key)),
        isRightMany: (found, keys) => found.size === keys.length && typeof found.get(keys[0]).text === 'string',
        setMany: entries => (loop > 0 ? storeAll(entries) : cache.storeMany(null, entries, TTL_MS)),
        isStored: result => typeof result?.text === 'string',
        close: () => cache.close(null),
    };
}
