import { MemcachedClient } from 'pip-services4-memcached-node';

/**
 * @typedef {import('pip-services4-memcached-node').ProtocolName} ProtocolName
 * @typedef {import('pip-services4-memcached-node').ServerAddress} ServerAddress
 */

/** The protocols of the package. Each instance uses another one, if the server speaks both. */
export const PROTOCOLS = /** @type {const} */ (['binary', 'meta']);

/**
 * Returns the protocols for the instances of the service, in their order.
 * @param {ServerAddress} server
 * @param {ProtocolName | null} wanted the only protocol to use, null for all
 */
export async function chooseProtocols(server, wanted) {
    const candidates = wanted === null ? PROTOCOLS : [wanted];
    const failures = await Promise.all(candidates.map(protocol => tryProtocol(server, protocol)));
    const spoken = candidates.filter((_, index) => failures[index] === null);
    if (spoken.length === 0) {
        throw new Error(`the server cannot be used over ${candidates.join(' or ')}: ${failures[0]?.message}`);
    }
    return PROTOCOLS.map((_, index) => spoken[index % spoken.length]);
}

/**
 * Returns the reason why the server cannot be used over this protocol, null if it can.
 * @param {ServerAddress} server
 * @param {ProtocolName} protocol
 */
async function tryProtocol(server, protocol) {
    const client = new MemcachedClient([server], { protocol });
    try {
        await client.open();
        return null;
    } catch (error) {
        return /** @type {Error} */ (error);
    } finally {
        await client.close();
    }
}
