import { Redis } from 'ioredis';

import { withJson } from './objects.mjs';

const TTL_SECONDS = 600;

export async function connect(port, { isAutoPipelining = false }) {
    const client = new Redis(port, '127.0.0.1', { enableAutoPipelining: isAutoPipelining });
    await client.ping();
    return withJson({
        text: key => client.get(key),
        texts: keys => client.mget(keys),
        set: (key, text) => client.set(key, text, 'EX', TTL_SECONDS),
        isStored: result => result === 'OK',
        close: () => client.quit(),
    });
}
