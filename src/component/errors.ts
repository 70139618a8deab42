import type { ApplicationException } from 'pip-services4-commons-node';
import { exception } from '../client/model/errorCodes';

/** Errors of configuration, discovery and credentials. Those of the connection itself are the client's. */

export function sharedNotOpened(): ApplicationException {
    const message = 'the referenced memcached connection is not open: list it before the components that use it';
    return exception('NOT_OPENED', message);
}

export function invalidOption(key: string, text: string, allowed: string): ApplicationException {
    return exception('INVALID_OPTION', `options.${key} is ${JSON.stringify(text)}, allowed: ${allowed}`)
        .withDetails('key', `options.${key}`)
        .withDetails('value', text);
}

export function noConnection(problem: string): ApplicationException {
    return exception('NO_CONNECTION', `there is no memcached to connect to: ${problem}`);
}

export function serversNotFound(problem: string): ApplicationException {
    return exception('CONNECT_FAILED', `cannot find the memcached servers: ${problem}`);
}

export function invalidConnection(problem: string): ApplicationException {
    return exception('INVALID_CONNECTION', problem);
}

export function invalidUri(problem: string): ApplicationException {
    return invalidConnection(`the uri cannot be used: ${problem}`);
}

export function noCredential(problem: string): ApplicationException {
    return exception('NO_CREDENTIAL', problem);
}

export function invalidCredential(problem: string): ApplicationException {
    return exception('INVALID_CREDENTIAL', problem);
}
