import type { ClientOptions } from 'pip-services4-memcached-node';

/** The option `protocol` of this run. See jest.config.js. */
export const testProtocol = (process.env.TEST_PROTOCOL ?? 'auto') as NonNullable<ClientOptions['protocol']>;

/** The protocol that clients of this run speak to servers without a login. */
export const spokenProtocol = testProtocol === 'auto' ? 'binary' : testProtocol;

/**
 * Returns the environment of one of several processes. They take turns in the protocols, unless the
 * run has one.
 */
export function mixedEnv(index: number): NodeJS.ProcessEnv {
    const turn = index % 2 === 0 ? 'binary' : 'meta';
    return { ...process.env, TEST_PROTOCOL: testProtocol === 'auto' ? turn : testProtocol };
}
