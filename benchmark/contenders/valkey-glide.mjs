import { GlideClient, TimeUnit } from '@valkey/valkey-glide';

import { withJson } from './objects.mjs';

const expiry = { type: TimeUnit.Seconds, count: 600 };

export async function connect(port) {
    const client = await GlideClient.createClient({
        addresses: [{ host: '127.0.0.1', port }],
        requestTimeout: 5000,
    });
    return withJson({
        text: key => client.get(key),
        texts: keys => client.mget(keys),
        set: (key, text) => client.set(key, text, { expiry }),
        isStored: result => result === 'OK',
        close: () => client.close(),
    });
}
