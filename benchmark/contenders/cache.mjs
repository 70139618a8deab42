/** MemcachedCache, as a service uses it: objects in, objects out. */
export async function connect(port, { maxSize, isLoadThrough = false }) {
    const { MemcachedCache } = await import('../../dist/index.js');
    const { ConfigParams } = await import('../../dist/framework.js');
    const cache = new MemcachedCache();
    cache.configure(
        ConfigParams.fromTuples(
            ...['connection.host', '127.0.0.1', 'connection.port', port],
            ...['options.max_size', maxSize, 'options.request_timeout', 5000, 'options.idle', 600_000],
        ),
    );
    await cache.open(null);
    return {
        encode: text => JSON.parse(text),
        get: isLoadThrough
            ? key => cache.retrieveOrLoad(null, key, 600_000, () => null)
            : key => cache.retrieve(null, key),
        value: result => result && JSON.stringify(result),
        isRight: result => typeof result?.text === 'string',
        set: (key, value) => cache.store(null, key, value, 600_000),
        isStored: result => typeof result?.text === 'string',
        close: () => cache.close(null),
    };
}
