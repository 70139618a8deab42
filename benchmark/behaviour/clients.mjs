import { createRequire } from 'node:module';

/**
 * The clients with their defaults, and with a timeout of one second by an option of the client.
 * `get` resolves to text, a Buffer, or null.
 */
export const clients = {
    ours: async port => {
        const { MemcachedClient } = await import('../../dist/index.js');
        const client = new MemcachedClient([{ host: '127.0.0.1', port }], { requestTimeoutMs: 1000 });
        await client.open();
        return {
            get: async key => (await client.get(key)).value,
            set: (key, value, expires = 60) => client.set(key, value, { expires }),
            increment: async (key, by) => (await client.increment(key, by)).value,
            prepend: (key, value) => client.prepend(key, value),
            close: () => client.close(),
        };
    },
    memjs: async port => {
        const { default: memjs } = await import('memjs');
        const logger = { log() {} };
        const client = memjs.Client.create(`127.0.0.1:${port}`, { timeout: 1, conntimeout: 1, logger });
        return {
            get: async key => (await client.get(key)).value,
            set: (key, value, expires = 60) => client.set(key, value, { expires }),
            increment: async (key, by) => (await client.increment(key, by, {})).value,
            prepend: (key, value) => client.prepend(key, value),
            close: () => client.close(),
        };
    },
    memcached: async port => {
        const { default: Memcached } = await import('memcached');
        const client = new Memcached(`127.0.0.1:${port}`, {
            timeout: 1000,
            retries: 1,
            minTimeout: 20,
            maxTimeout: 200,
        });
        const promise = (verb, ...args) =>
            new Promise((resolve, reject) => {
                client[verb](...args, (error, answer) => (error ? reject(error) : resolve(answer)));
            });
        return {
            get: async key => (await promise('get', key)) ?? null,
            set: (key, value, expires = 60) => promise('set', key, value, expires),
            increment: (key, by) => promise('incr', key, by),
            prepend: (key, value) => promise('prepend', key, value),
            close: () => client.end(),
        };
    },
    'memcache-client': async port => {
        const { MemcacheClient } = createRequire(import.meta.url)('memcache-client');
        const client = new MemcacheClient({ server: `127.0.0.1:${port}`, cmdTimeout: 1000 });
        return {
            get: async key => (await client.get(key))?.value ?? null,
            set: (key, value, lifetime = 60) => client.set(key, value, { lifetime }),
            increment: (key, by) => client.incr(key, by),
            prepend: (key, value) => client.prepend(key, value),
            close: () => client.shutdown(),
        };
    },
    memcache: async port => {
        const { Memcache } = await import('memcache');
        const client = new Memcache({ nodes: [`127.0.0.1:${port}`], timeout: 1000 });
        client.on('error', () => {});
        await client.connect();
        return {
            get: async key => (await client.get(key)) ?? null,
            set: (key, value, expires = 60) => client.set(key, value, expires),
            increment: (key, by) => client.incr(key, by),
            prepend: (key, value) => client.prepend(key, value),
            close: () => client.disconnect(),
        };
    },
};
