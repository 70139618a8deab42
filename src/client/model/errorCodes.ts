import * as framework from 'pip-services4-commons-node';

/**
 * The code of each error of this package, with the class of its exception. The table of errors in
 * the documentation explains each code.
 * @enum
 */
export const ERROR_CODES = {
    AUTH_FAILED: 'ConnectionException',
    BATCH_FAILED: 'BatchException',
    CAS_DISABLED: 'InvocationException',
    CONNECT_FAILED: 'ConnectionException',
    CONNECTION_LOST: 'ConnectionException',
    ENCODE_FAILED: 'InvocationException',
    INVALID_AMOUNT: 'BadRequestException',
    INVALID_BATCH: 'BadRequestException',
    INVALID_CAS: 'BadRequestException',
    INVALID_CONNECTION: 'ConfigException',
    INVALID_CREDENTIAL: 'ConfigException',
    INVALID_FLAGS: 'BadRequestException',
    INVALID_FUNCTION: 'BadRequestException',
    INVALID_KEY: 'BadRequestException',
    INVALID_LOAD_OPTION: 'BadRequestException',
    INVALID_LOCK_OPTION: 'BadRequestException',
    INVALID_OPTION: 'ConfigException',
    INVALID_TTL: 'BadRequestException',
    LOAD_TIMEOUT: 'InvocationException',
    LOCK_BEHIND_PROXY: 'InvocationException',
    LOCK_LOST: 'ConflictException',
    LOCK_TIMEOUT: 'ConflictException',
    NO_CONNECTION: 'ConfigException',
    NO_CREDENTIAL: 'ConfigException',
    NO_PREFIX: 'ConfigException',
    NOT_A_NUMBER: 'BadRequestException',
    NOT_OPENED: 'InvalidStateException',
    NOT_SERIALIZABLE: 'BadRequestException',
    NOT_TEXT: 'BadRequestException',
    OVERLOADED: 'ConnectionException',
    SERVER_DOWN: 'ConnectionException',
    SERVER_ERROR: 'InvocationException',
    TIMEOUT: 'ConnectionException',
    UPDATE_CONFLICT: 'ConflictException',
    VALUE_TOO_LARGE: 'BadRequestException',
} as const;

/** The code of an error of this package. */
export type MemcachedErrorCode = keyof typeof ERROR_CODES;

/** The codes that come with an exception of this class. */
export type CodeOf<ClassName extends string> = {
    [C in MemcachedErrorCode]: (typeof ERROR_CODES)[C] extends ClassName ? C : never;
}[MemcachedErrorCode];

type Code = CodeOf<Exclude<(typeof ERROR_CODES)[MemcachedErrorCode], 'BatchException'>>;

/** Makes all exceptions but BatchException. The linter forbids `new` of them elsewhere. */
export function exception(code: Code, message: string): framework.ApplicationException {
    return new framework[ERROR_CODES[code]](undefined, code, message);
}

/** Makes an exception about a server. Its message ends with that of the cause. */
export function serverException(
    code: Code,
    address: string,
    message: string,
    cause: Error | null = null,
): framework.ApplicationException {
    const error = exception(code, cause === null ? message : `${message}: ${cause.message}`);
    if (cause !== null) error.withCause(cause);
    return error.withDetails('server', address);
}
