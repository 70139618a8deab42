import { connect as connectMemcached } from './memcached.mjs';
import { withJson } from './objects.mjs';

/**
 * Opens the `memcached` package as the old Pip.Services component does, with a pool of 5 and JSON
 * text.
 */
export async function connect(port) {
    const client = await connectMemcached(port, { poolSize: 5, values: 'string' });
    return withJson({ ...client, text: client.get });
}
