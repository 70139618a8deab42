import { inspect } from 'node:util';

import { ApplicationException } from 'pip-services4-commons-node';

/** The codes of a call whose server, or the network path to it, is broken. */
const CODES = ['CONNECTION_LOST', 'TIMEOUT', 'SERVER_DOWN', 'CONNECT_FAILED', 'SERVER_ERROR'];

/**
 * Returns a flaw of an error, or null.
 * An error has a flaw if it has no code, does not name the server, or contains a value.
 */
export function flawOf(error: unknown, address: string, secret: string): string | null {
    if (!(error instanceof ApplicationException)) return `not one of our errors: ${inspect(error)}`;
    if (!CODES.includes(error.code)) return `code ${error.code}: ${error.message}`;
    if (error.details.getAsString('server') !== address) return `${error.code} does not name the server`;
    if (inspect(error, { depth: 9, showHidden: true }).includes(secret)) return `${error.code} tells a value`;
    return null;
}
