import { ConnectionException, type ApplicationException } from 'pip-services4-commons-node';
import { exception, type CodeOf } from '../../client/model/errorCodes';

/** The errors that only caches have. Those of the connection are the client's. */

export function noPrefix(): ApplicationException {
    return exception('NO_PREFIX', 'cannot clear the cache: expected options.clear and options.prefix');
}

export function invalidTimeout(timeout: unknown): ApplicationException {
    const given = typeof timeout === 'number' ? String(timeout) : `of type ${typeof timeout}`;
    return exception('INVALID_TTL', `timeout is ${given}, allowed is a number of ms`);
}

export function invalidCountOptions(options: unknown): ApplicationException {
    const message = `options are of type ${typeof options}, not an object: { initial, timeout }`;
    return exception('INVALID_AMOUNT', message);
}

export function notText(what: string): ApplicationException {
    return exception('NOT_TEXT', `${what} is no text: only texts are appended and prepended`);
}

export function invalidFunction(name: string, value: unknown): ApplicationException {
    return exception('INVALID_FUNCTION', `${name} is of type ${typeof value}, not a function`);
}

export function updateConflict(key: string, tries: number, ms: number): ApplicationException {
    const what =
        tries === 0
            ? 'another update of it has not ended'
            : `tried ${tries} times: others change it, or what computes the value takes too long`;
    const message = `${key} could not be changed within ${ms} ms (options.update_timeout), ${what}`;
    return exception('UPDATE_CONFLICT', message).withDetails('key', key);
}

export function invalidLoadOption(name: string, allowed: string): ApplicationException {
    const message = `${name} is not what it may be: ${allowed}`;
    return exception('INVALID_LOAD_OPTION', message).withDetails('option', name);
}

export function loadTimeout(key: string, ms: number): ApplicationException {
    const message = `the loader of ${key} had no value after ${ms} ms (loadTimeout); one that waits for its own key never has`;
    return exception('LOAD_TIMEOUT', message).withDetails('key', key);
}

/** Part of a batch could not be done. */
export class BatchException extends ConnectionException {
    /** Each key that failed, and why. */
    readonly failed: ReadonlyMap<string, Error>;
    /** What was found for the others; empty when nothing was asked for. */
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

/** In the details, which may travel; `failed` has them all. */
const MOST_NAMED = 100;

export function batchFailed(
    failed: ReadonlyMap<string, Error>,
    found: ReadonlyMap<string, unknown>,
    total: number,
): ApplicationException {
    const [key, error] = failed.entries().next().value!;
    const message = `${failed.size} of ${total} keys failed, ${key} for example: ${error.message}`;
    return new BatchException(undefined, 'BATCH_FAILED', message, failed, found)
        .withDetails('keys', [...failed.keys()].slice(0, MOST_NAMED))
        .withCause(error);
}
