import { createClient } from 'redis';

import { withJson } from './objects.mjs';

const expiration = { type: 'EX', value: 600 };

/** Opens the client as it comes, with an AbortSignal per command, or without timeouts. */
export async function connect(port, { hasTimeout = true }) {
    const commandOptions = hasTimeout ? {} : { timeout: 0 };
    const client = await createClient({ socket: { host: '127.0.0.1', port }, commandOptions }).connect();
    return withJson({
        text: key => client.get(key),
        texts: keys => client.mGet(keys),
        set: (key, text) => client.set(key, text, { expiration }),
        isStored: result => result === 'OK',
        close: () => client.close(),
    });
}
