import { withJson } from './objects.mjs';
import { connect as connectOurs } from './ours.mjs';

/**
 * Opens the client with JSON and no further feature of the cache. The difference to the cache is
 * the cache's own cost.
 */
export async function connect(port, setting) {
    const client = await connectOurs(port, setting);
    return withJson({
        ...client,
        text: async key => (await client.get(key)).value?.toString(),
        async texts(keys) {
            const { items } = await client.getMany(keys);
            return keys.map(key => items.get(key)?.value.toString());
        },
    });
}
