import type { ApplicationException } from 'pip-services4-commons-node';
import { exception } from '../client/model/errorCodes';

/** @param names never their values, which may hold a password */
export function unknownOptions(names: readonly string[], allowed: string): ApplicationException {
    const message = `unknown options of KeyvMemcached ${names.join(', ')}: expected ${allowed}`;
    return exception('INVALID_OPTION', message).withDetails('options', [...names]);
}

export function invalidNamespace(namespace: unknown): ApplicationException {
    return exception('INVALID_OPTION', `invalid namespace of type ${typeof namespace}: expected a string`);
}
