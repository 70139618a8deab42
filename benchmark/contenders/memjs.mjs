import memjs from 'memjs';

export const variants = [
    { calls: 'promise', values: 'buffer' },
    { calls: 'callback', values: 'buffer' },
    { calls: 'callback', values: 'string' },
];
export const settingFor = () => variants[1];

export async function connect(port, { calls, values }) {
    const client = memjs.Client.create(`127.0.0.1:${port}`, { timeout: 5, conntimeout: 5, retries: 1 });
    const options = { expires: 600 };
    const byPromise = {
        get: key => client.get(key).then(result => result.value),
        set: (key, value) => client.set(key, value, options),
    };
    const byCallback = {
        get: key =>
            new Promise((resolve, reject) => {
                client.get(key, (error, value) => (error ? reject(error) : resolve(value)));
            }),
        set: (key, value) =>
            new Promise((resolve, reject) => {
                client.set(key, value, options, (error, isStored) => (error ? reject(error) : resolve(isStored)));
            }),
    };
    const { get, set } = calls === 'promise' ? byPromise : byCallback;
    return {
        encode: text => (values === 'buffer' ? Buffer.from(text) : text),
        get,
        value: result => result,
        set,
        isStored: result => result === true,
        // The client has no multi-get.
        getMany: keys => Promise.all(keys.map(get)),
        item: (results, _key, position) => results[position],
        close: () => client.close(),
    };
}
