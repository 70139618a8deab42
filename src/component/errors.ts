import type { ApplicationException } from 'pip-services4-commons-node';
import { exception } from '../client/model/errorCodes';

// The errors of configuration. They quote no uri, host or login, which may hold a password.

export function sharedNotOpened(): ApplicationException {
    const message = 'the referenced memcached connection is not open: list it before the components that use it';
    return exception('NOT_OPENED', message);
}

export function invalidOption(key: string, text: string, allowed: string): ApplicationException {
    return exception('INVALID_OPTION', `invalid options.${key} ${JSON.stringify(text)}: expected ${allowed}`)
        .withDetails('key', `options.${key}`)
        .withDetails('value', text);
}

/** Returns NO_CONNECTION. `cause` names the option to set, or the key that discovery lacks. */
export function noConnection(cause: string): ApplicationException {
    return exception('NO_CONNECTION', `no memcached server to connect to: ${cause}`);
}

export function serversNotFound(cause: string): ApplicationException {
    return exception('CONNECT_FAILED', `cannot look up the memcached servers: ${cause}`);
}

/** Returns INVALID_CONNECTION. `what` is the key, with its value if that has no password. */
export function invalidConnection(what: string, expected: string): ApplicationException {
    return exception('INVALID_CONNECTION', `invalid ${what}: expected ${expected}`);
}

export function noCredential(problem: string): ApplicationException {
    return exception('NO_CREDENTIAL', problem);
}

export function incompleteLogin(has: string, lacks: string): ApplicationException {
    return noCredential(`incomplete login: expected a ${lacks} beside the ${has}`);
}

/** Returns INVALID_CREDENTIAL. `what` is the key, never the content of its file. */
export function invalidCredential(what: string, problem: string): ApplicationException {
    return exception('INVALID_CREDENTIAL', `invalid ${what}: ${problem}`);
}
