import type { ClientOptions } from 'pip-services4-memcached-node';

/** The option `protocol` of this run. See jest.config.js. */
export const testProtocol = (process.env.TEST_PROTOCOL ?? 'auto') as NonNullable<ClientOptions['protocol']>;

/** The protocol that clients of this run speak to servers without a login. */
export const spokenProtocol = testProtocol === 'auto' ? 'binary' : testProtocol;
