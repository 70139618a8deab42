import { connect as connectOurs } from './ours.mjs';

/**
 * Opens the client with JSON and no further feature of the cache. The difference to the cache is
 * the cache's own cost.
 */
export async function connect(port, setting) {
    const client = await connectOurs(port, setting);
    return {
        ...client,
        encode: text => JSON.parse(text),
        get: async key => {
            const { value } = await client.get(key);
            return value && JSON.parse(value.toString());
        },
        value: result => result && JSON.stringify(result),
        isRight: result => typeof result?.text === 'string',
        set: (key, value) => client.set(key, JSON.stringify(value)),
        getMany: undefined,
    };
}
