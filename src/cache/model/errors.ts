import { ConnectionException, type ApplicationException } from 'pip-services4-commons-node';
import { exception, type CodeOf } from '../../client/model/errorCodes';

export function noPrefix(): ApplicationException {
    return exception('NO_PREFIX', 'cannot clear the cache: expected options.clear and options.prefix');
}

export function invalidCountOptions(given: string): ApplicationException {
    return exception('INVALID_AMOUNT', `invalid counter options ${given}: expected an object { initial, timeout }`);
}

export function notText(what: string): ApplicationException {
    return exception('NOT_TEXT', `cannot append or prepend: expected ${what} to be a string`);
}

export function invalidFunction(name: string, value: unknown): ApplicationException {
    return exception('INVALID_FUNCTION', `invalid ${name} of type ${typeof value}: expected a function`);
}

export function updateConflict(key: string, tries: number, ms: number): ApplicationException {
    const cause =
        tries === 0
            ? 'an earlier update of the key is still running'
            : `${tries} tries met other writers or a slow change function`;
    const message = `cannot update ${key} within ${ms} ms (options.update_timeout): ${cause}`;
    return exception('UPDATE_CONFLICT', message).withDetails('key', key);
}

export function invalidLoadOption(name: string, expected: string): ApplicationException {
    return exception('INVALID_LOAD_OPTION', `invalid ${name}: expected ${expected}`).withDetails('option', name);
}

export function loadTimeout(key: string, ms: number): ApplicationException {
    const message = `the loader of ${key} timed out after ${ms} ms (loadTimeout): does the loader wait for the same key?`;
    return exception('LOAD_TIMEOUT', message).withDetails('key', key);
}

/** The error of a batch in which some keys failed. */
export class BatchException extends ConnectionException {
    /** The error of each failed key. */
    readonly failed: ReadonlyMap<string, Error>;
    /** The values of the other keys. Empty unless the verb reads. */
    readonly found: ReadonlyMap<string, unknown>;

    constructor(
        traceId: string | undefined,
        code: CodeOf<'BatchException'>,
        message: string,
        failed: ReadonlyMap<string, Error>,
        found: ReadonlyMap<string, unknown>,
    ) {
        super(traceId, code, message);
        // The framework's exceptions set their own prototype.
        Object.setPrototypeOf(this, BatchException.prototype);
        this.failed = failed;
        this.found = found;
    }
}

/** The limit for the details, which services may send over a network. */
const MAX_KEYS_IN_DETAILS = 100;

export function batchFailed(
    failed: ReadonlyMap<string, Error>,
    found: ReadonlyMap<string, unknown>,
    total: number,
): ApplicationException {
    const [key, error] = failed.entries().next().value!;
    const message = `${failed.size} of ${total} keys failed, the first is ${key}: ${error.message}`;
    return new BatchException(undefined, 'BATCH_FAILED', message, failed, found)
        .withDetails('keys', [...failed.keys()].slice(0, MAX_KEYS_IN_DETAILS))
        .withCause(error);
}
