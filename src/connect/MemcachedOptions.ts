import type { ConfigParams } from 'pip-services4-components-node';
import { CLIENT_NUMBERS, describeNumbers, type NumberSpec } from '../client/model/ClientOptions';
import { MAX_TIMER_MS } from '../util/timers';
import { parseBoolean } from '../util/parseBoolean';
import { invalidOption } from '../component/errors';
import { parseWholeNumber } from '../util/parseWholeNumber';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Who reads an option: the connection, or the components that use it. */
type Reader = 'connection' | 'component' | 'both';

interface OptionSpec<T> {
    readonly key: string;
    readonly meaning: string;
    readonly default: T;
    readonly reader: Reader;
    /** What is allowed, in words. */
    readonly allowed: string;
    /** undefined: not allowed. */
    readonly parse: (text: string) => T | undefined;
}

/**
 * The table of `options.*`: the only place where an option is named, read and checked. The README's
 * table is this one.
 */
const OPTIONS = {
    maxSize: integer(
        'max_size',
        'component',
        { default: 1000, min: 0, max: Number.MAX_SAFE_INTEGER },
        'most unexpired values of `store`, `storeMany` and `retrieveOrLoad` that this instance keeps; one more evicts its oldest, unless that was overwritten since; 0 = no limit',
    ),
    maxKeySize: integer('max_key_size', 'both', CLIENT_NUMBERS.maxKeyBytes, 'longest key in bytes, prefix included'),
    maxExpiration: integer(
        'max_expiration',
        'component',
        { default: 30 * DAY_MS, min: 1, max: Number.MAX_SAFE_INTEGER },
        'longest expiry in ms; longer ones are shortened to it',
    ),
    maxValue: integer('max_value', 'both', CLIENT_NUMBERS.maxValueBytes, 'largest serialized value in bytes'),
    poolSize: integer('pool_size', 'connection', CLIENT_NUMBERS.poolSize, 'sockets per server, at most'),
    maxPending: integer(
        'max_pending',
        'connection',
        CLIENT_NUMBERS.maxPending,
        'most calls per server that are queued or in flight; further ones fail with `OVERLOADED` at once; 0 = no limit',
    ),
    reconnect: integer(
        'reconnect',
        'connection',
        CLIENT_NUMBERS.reconnectMs,
        'longest pause in ms between attempts to reach a server that is away and does not count as down yet (exponential from 50 ms, jittered)',
    ),
    retries: integer(
        'retries',
        'connection',
        CLIENT_NUMBERS.retries,
        'how often a repeatable command is tried again after a connection fault',
    ),
    timeout: integer(
        'timeout',
        'component',
        { default: 60_000, min: 1, max: Number.MAX_SAFE_INTEGER },
        'default caching timeout in ms: the expiry when `store` gets none; the default ttl of a lock',
    ),
    requestTimeout: integer(
        'request_timeout',
        'connection',
        CLIENT_NUMBERS.requestTimeoutMs,
        'ms after which any call has settled, its retries included',
    ),
    connectTimeout: integer(
        'connect_timeout',
        'connection',
        CLIENT_NUMBERS.connectTimeoutMs,
        'ms for one connection attempt, TLS and SASL included',
    ),
    failures: integer(
        'failures',
        'connection',
        CLIENT_NUMBERS.failures,
        'consecutive faults after which a server counts as down',
    ),
    retry: integer(
        'retry',
        'connection',
        CLIENT_NUMBERS.retryMs,
        'longest pause in ms between probes of a server that is down; one probe at a time, calls fail at once meanwhile',
    ),
    discoveryInterval: integer(
        'discovery_interval',
        'connection',
        { default: 0, min: 0, max: MAX_TIMER_MS },
        'ms after which discovery is asked again what servers there are, and so on; 0 = only at `open`; not for locks',
    ),
    remove: boolean(
        'remove',
        'connection',
        'true: while a server is down its keys go to the next server on the ring. When it is back, so are its old values: what was replaced or removed meanwhile is read again. For caches, never for locks',
    ),
    idle: integer('idle', 'connection', CLIENT_NUMBERS.idleMs, 'ms after which an idle socket is closed; 0 = never'),
    failSoft: boolean(
        'fail_soft',
        'both',
        'true: when memcached is away, `retrieve` is a miss and `store`/`remove` do nothing, counted, and logged at most once a minute; locks always fail',
    ),
    prefix: text('prefix', 'component', 'put before every key'),
    clear: boolean(
        'clear',
        'component',
        'true: `clear` is available; keys have a token between `prefix` and key, so other languages do not find them; needs a `prefix`; see docs/cache.md',
    ),
    compressMin: integer(
        'compress_min',
        'component',
        { default: 0, min: 0, max: 1024 ** 3 },
        'values of at least so many bytes are compressed when that pays; other languages cannot read those; 0 = none',
    ),
    updateTimeout: integer(
        'update_timeout',
        'component',
        { default: 10_000, min: 1, max: MAX_TIMER_MS },
        'ms after which `update`, `append` and `prepend` give up a key that others keep changing',
    ),
    retryTimeout: integer(
        'retry_timeout',
        'component',
        { default: 100, min: 1, max: MAX_TIMER_MS },
        'lock: mean pause in ms between attempts (jittered)',
    ),
} as const;

const SPECS = new Map<string, OptionSpec<unknown>>(Object.values(OPTIONS).map(spec => [spec.key, spec]));

type Options = typeof OPTIONS;
type Name = keyof Options;

/** Every option, checked; durations in ms, sizes in bytes. */
export type MemcachedOptions = { readonly [K in Name]: Options[K] extends OptionSpec<infer T> ? T : never };

/**
 * Reads `options.*`.
 * @throws ConfigException INVALID_OPTION, naming the key, the value and what is allowed
 */
export function readOptions(config: ConfigParams): MemcachedOptions {
    const given = config.getSection('options');
    // ConfigParams answers an absent `remove` with its own method of that name.
    const present = new Set(given.getKeys());
    const options: Record<string, unknown> = {};
    for (const [name, spec] of Object.entries(OPTIONS) as [Name, OptionSpec<unknown>][]) {
        const text = present.has(spec.key) ? given.getAsNullableString(spec.key) : null;
        options[name] = text === null ? spec.default : parse(spec, text.trim());
    }
    return Object.freeze(options) as MemcachedOptions;
}

/** Whether there is an option of this name. */
export function isOption(key: string): boolean {
    return SPECS.has(key);
}

/** The keys of options that stand with this reader and are the other one's. */
export function misplacedOptions(config: ConfigParams, reader: 'connection' | 'component'): string[] {
    const keys = config.getSection('options').getKeys();
    const isMisplaced = (key: string): boolean => ![undefined, 'both', reader].includes(SPECS.get(key)?.reader);
    return keys.filter(isMisplaced).map(key => `options.${key}`);
}

/** For the documentation: what the table says of each option. */
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
