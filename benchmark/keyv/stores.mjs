const ours = async (port, namespace, options = {}) => {
    const { KeyvMemcached } = await import('../../dist/keyv.js');
    return new KeyvMemcached({ uri: `memcached://127.0.0.1:${port}`, namespace, options });
};
const memcache = async port => {
    const { KeyvMemcache } = await import('@keyv/memcache');
    return new KeyvMemcache(`127.0.0.1:${port}`);
};
const redis = async (port, namespace) => {
    const { default: KeyvRedis } = await import('@keyv/redis');
    return new KeyvRedis(`redis://127.0.0.1:${port}`, { namespace });
};
const WITHOUT_SERIALIZER = { serialize: undefined, deserialize: undefined };

/**
 * The stores by title. Each has a namespace of its own, because some write other values. `keyv` is
 * the name of the installed version.
 */
export const stores = {
    'ours, Keyv 5': { keyv: 'keyv', server: 'memcached', store: ours },
    '@keyv/memcache, Keyv 5': { keyv: 'keyv', server: 'memcached', store: memcache },
    '@keyv/redis, Keyv 5': { keyv: 'keyv', server: 'redis', store: redis },
    'ours, Keyv 5 without its serializer': {
        keyv: 'keyv',
        server: 'memcached',
        options: WITHOUT_SERIALIZER,
        store: ours,
    },
    'ours, Keyv 5 without clear': {
        keyv: 'keyv',
        server: 'memcached',
        store: (port, namespace) => ours(port, namespace, { clear: false }),
    },
    'ours, Keyv 6': { keyv: 'keyv6', server: 'memcached', store: ours },
    '@keyv/redis, Keyv 6': { keyv: 'keyv6', server: 'redis', store: redis },
    'a Map in the process, Keyv 5': { keyv: 'keyv', store: () => new Map() },
    'a Map in the process, Keyv 6': { keyv: 'keyv6', store: () => new Map() },
};
