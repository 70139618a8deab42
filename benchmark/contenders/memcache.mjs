import { Memcache } from 'memcache';

// The client has one socket per server and stores only strings, so it has only one setting.
export const variants = [{}];
export const settingFor = () => variants[0];

export async function connect(port) {
    const client = new Memcache({ nodes: [`127.0.0.1:${port}`], timeout: 600_000 });
    await client.connect();
    return {
        encode: text => text,
        get: key => client.get(key),
        value: result => result,
        set: (key, value) => client.set(key, value, 600),
        isStored: result => result === true,
        getMany: keys => client.gets(keys),
        item: (result, key) => result.get(key),
        close: () => client.disconnect(),
    };
}
