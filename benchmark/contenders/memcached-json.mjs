import { connect as connectMemcached } from './memcached.mjs';

/**
 * Opens the `memcached` package as the old Pip.Services component does, with a pool of 5 and JSON
 * text.
 */
export async function connect(port) {
    const client = await connectMemcached(port, { poolSize: 5, values: 'string' });
    return {
        ...client,
        encode: text => JSON.parse(text),
        get: async key => {
            const text = await client.get(key);
            return text == null ? null : JSON.parse(text);
        },
        value: result => result && JSON.stringify(result),
        isRight: result => typeof result?.text === 'string',
        set: (key, value) => client.set(key, JSON.stringify(value)),
        getMany: undefined,
    };
}
