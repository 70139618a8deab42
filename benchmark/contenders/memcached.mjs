import Memcached from 'memcached';

export const variants = [
    { poolSize: 1, values: 'string' },
    { poolSize: 2, values: 'string' },
    { poolSize: 5, values: 'string' },
    { poolSize: 10, values: 'string' },
    { poolSize: 1, values: 'buffer' },
];
// The effect of the pool size is smaller than the noise.
export const settingFor = () => variants[0];

export async function connect(port, { poolSize, values }) {
    const client = new Memcached(`127.0.0.1:${port}`, {
        poolSize,
        timeout: 5000,
        idle: 600_000,
        retries: 1,
        minTimeout: 20,
        maxTimeout: 200,
    });
    const settled = (resolve, reject) => (error, result) => (error ? reject(error) : resolve(result));
    const get = key => new Promise((resolve, reject) => client.get(key, settled(resolve, reject)));
    await get('bench:first');
    return {
        // The client sends buffers as UTF-8 of their latin1 text. A get returns the original bytes,
        // but the server holds other bytes.
        encode: text => (values === 'buffer' ? Buffer.from(text) : text),
        get,
        value: result => result,
        set: (key, value) => new Promise((resolve, reject) => client.set(key, value, 600, settled(resolve, reject))),
        isStored: result => result === true,
        getMany: keys => new Promise((resolve, reject) => client.getMulti(keys, settled(resolve, reject))),
        item: (result, key) => result[key],
        close: () => client.end(),
    };
}
