import type { ConfigParams } from 'pip-services4-components-node';
import { CLIENT_NUMBERS, describeNumbers, type NumberSpec } from '../client/model/ClientOptions';
import { MAX_TIMER_MS } from '../util/timers';
import { parseBoolean } from '../util/parseBoolean';
import { invalidOption } from '../component/errors';
import { parseWholeNumber } from '../util/parseWholeNumber';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Which configuration an option belongs to. */
type Reader = 'connection' | 'component' | 'both';

interface OptionSpec<T> {
    readonly key: string;
    readonly meaning: string;
    readonly default: T;
    readonly reader: Reader;
    /** In words. */
    readonly allowed: string;
    /** Returns undefined when the value is not allowed. */
    readonly parse: (text: string) => T | undefined;
}

/** Every option of `options.*`. The README has the same table. */
const OPTIONS = {
    maxSize: integer(
        'max_size',
        'component',
        { default: 1000, min: 0, max: Number.MAX_SAFE_INTEGER },
        'maximum number of unexpired values of `store`, `storeMany` and `retrieveOrLoad` per instance; one more evicts its oldest, unless that was overwritten since; 0 = no limit',
    ),
    maxKeySize: integer(
        'max_key_size',
        'both',
        CLIENT_NUMBERS.maxKeyBytes,
        'maximum length of a key in bytes, with its prefix',
    ),
    maxExpiration: integer(
        'max_expiration',
        'component',
        { default: 30 * DAY_MS, min: 1, max: Number.MAX_SAFE_INTEGER },
        'maximum expiry in ms; longer ones are capped',
    ),
    maxValue: integer('max_value', 'both', CLIENT_NUMBERS.maxValueBytes, 'maximum size of a serialized value in bytes'),
    poolSize: integer('pool_size', 'connection', CLIENT_NUMBERS.poolSize, 'maximum number of sockets per server'),
    maxPending: integer(
        'max_pending',
        'connection',
        CLIENT_NUMBERS.maxPending,
        'maximum number of queued and in-flight calls per server; further ones fail with `OVERLOADED` at once; 0 = no limit',
    ),
    reconnect: integer(
        'reconnect',
        'connection',
        CLIENT_NUMBERS.reconnectMs,
        'maximum pause in ms between connection attempts to a server that does not count as down yet (exponential from 50 ms, jittered)',
    ),
    retries: integer(
        'retries',
        'connection',
        CLIENT_NUMBERS.retries,
        'how often an idempotent command is retried after a connection fault',
    ),
    timeout: integer(
        'timeout',
        'component',
        { default: 60_000, min: 1, max: Number.MAX_SAFE_INTEGER },
        'default expiry of `store` and default ttl of a lock, in ms',
    ),
    requestTimeout: integer(
        'request_timeout',
        'connection',
        CLIENT_NUMBERS.requestTimeoutMs,
        'time in ms within which each call settles, with its retries',
    ),
    connectTimeout: integer(
        'connect_timeout',
        'connection',
        CLIENT_NUMBERS.connectTimeoutMs,
        'time in ms for one connection attempt, with TLS and SASL',
    ),
    failures: integer(
        'failures',
        'connection',
        CLIENT_NUMBERS.failures,
        'number of consecutive faults after which a server counts as down',
    ),
    retry: integer(
        'retry',
        'connection',
        CLIENT_NUMBERS.retryMs,
        'maximum pause in ms between probes of a server that is down; its calls fail at once meanwhile',
    ),
    discoveryInterval: integer(
        'discovery_interval',
        'connection',
        { default: 0, min: 0, max: MAX_TIMER_MS },
        'interval in ms at which discovery is asked for the servers; not for locks; 0 = only at `open`',
    ),
    remove: boolean(
        'remove',
        'connection',
        'true: while a server is down, its keys move to the next server on the ring. When it is up again, its old values are read again, also those that were replaced or removed meanwhile. Locks never move',
    ),
    idle: integer(
        'idle',
        'connection',
        CLIENT_NUMBERS.idleMs,
        'how long an idle socket stays open, in ms; 0 = forever',
    ),
    failSoft: boolean(
        'fail_soft',
        'both',
        'true: when memcached is unavailable, `retrieve` is a miss and `store` and `remove` do nothing; they are counted, and logged at most once a minute; locks always fail',
    ),
    prefix: text('prefix', 'component', 'prefix of every key'),
    clear: boolean(
        'clear',
        'component',
        'true: enables `clear`; needs a `prefix`. Keys have a token between `prefix` and key, so clients in other languages cannot find them; see docs/cache.md',
    ),
    compressMin: integer(
        'compress_min',
        'component',
        { default: 0, min: 0, max: 1024 ** 3 },
        'minimum size in bytes from which values are compressed when that saves space; clients in other languages cannot read them; 0 = off',
    ),
    updateTimeout: integer(
        'update_timeout',
        'component',
        { default: 10_000, min: 1, max: MAX_TIMER_MS },
        'time in ms after which `update`, `append` and `prepend` give up a key that other writers keep changing',
    ),
    retryTimeout: integer(
        'retry_timeout',
        'component',
        { default: 100, min: 1, max: MAX_TIMER_MS },
        'mean pause in ms between attempts to acquire a lock (jittered)',
    ),
} as const;

const SPECS = new Map<string, OptionSpec<unknown>>(Object.values(OPTIONS).map(spec => [spec.key, spec]));

type Options = typeof OPTIONS;
type Name = keyof Options;

/** Every option, checked; durations in ms, sizes in bytes. */
export type MemcachedOptions = { readonly [K in Name]: Options[K] extends OptionSpec<infer T> ? T : never };

/** @throws ConfigException INVALID_OPTION */
export function readOptions(config: ConfigParams): MemcachedOptions {
    const given = config.getSection('options');
    // For an absent `remove`, ConfigParams returns its own method of that name.
    const present = new Set(given.getKeys());
    const options: Record<string, unknown> = {};
    for (const [name, spec] of Object.entries(OPTIONS) as [Name, OptionSpec<unknown>][]) {
        const text = present.has(spec.key) ? given.getAsNullableString(spec.key) : null;
        options[name] = text === null ? spec.default : parse(spec, text.trim());
    }
    return Object.freeze(options) as MemcachedOptions;
}

export function isOption(key: string): boolean {
    return SPECS.has(key);
}

/** Returns the options that belong in the configuration of the other reader. */
export function misplacedOptions(config: ConfigParams, reader: 'connection' | 'component'): string[] {
    const keys = config.getSection('options').getKeys();
    const isMisplaced = (key: string): boolean => ![undefined, 'both', reader].includes(SPECS.get(key)?.reader);
    return keys.filter(isMisplaced).map(key => `options.${key}`);
}

/** Returns the rows of the README's table. */
export function describeOptions(): { key: string; meaning: string; allowed: string; default: string }[] {
    return Object.values(OPTIONS).map(({ key, meaning, allowed, default: value }) => {
        return { key, meaning, allowed, default: String(value) };
    });
}

function parse<T>(spec: OptionSpec<T>, text: string): T {
    const value = spec.parse(text);
    if (value !== undefined) return value;
    throw invalidOption(spec.key, text, spec.allowed);
}

function integer(key: string, reader: Reader, spec: NumberSpec, meaning: string): OptionSpec<number> {
    const parse = (text: string): number | undefined => parseWholeNumber(text, spec.min, spec.max);
    return { key, reader, meaning, default: spec.default, allowed: describeNumbers(spec), parse };
}

function boolean(key: string, reader: Reader, meaning: string): OptionSpec<boolean> {
    return { key, reader, meaning, default: false, allowed: 'true or false', parse: parseBoolean };
}

function text(key: string, reader: Reader, meaning: string): OptionSpec<string> {
    const isText = (text: string): boolean => /^[^\s\p{Cc}]*$/u.test(text) && Buffer.byteLength(text) <= 200;
    const parse = (text: string): string | undefined => (isText(text) ? text : undefined);
    return { key, reader, meaning, default: '', allowed: 'up to 200 bytes without white space', parse };
}
