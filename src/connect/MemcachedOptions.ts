import type { ConfigParams } from 'pip-services4-components-node';
import { CLIENT_NUMBERS, describeNumbers, PROTOCOL_MODES, type NumberSpec } from '../client/model/ClientOptions';
import { MAX_TIMER_MS } from '../util/timers';
import { parseBoolean, parseWholeNumber } from '../util/parse';
import { invalidOption } from '../component/errors';

const MONTH_MS = 30 * 24 * 60 * 60 * 1000;

/** The configuration that an option belongs to. */
type Reader = 'connection' | 'component' | 'both';

interface OptionSpec<T> {
    readonly key: string;
    readonly default: T;
    readonly reader: Reader;
    /** The allowed values, in words. */
    readonly allowed: string;
    /** The parser, which returns undefined for an invalid value. */
    readonly parse: (text: string) => T | undefined;
}

/** All options of `options.*`. docs/configuration.md says what each one means. */
export const OPTIONS = {
    maxSize: integer('max_size', 'component', { default: 1000, min: 0, max: Number.MAX_SAFE_INTEGER }),
    maxKeySize: integer('max_key_size', 'both', CLIENT_NUMBERS.maxKeyBytes),
    maxExpiration: integer('max_expiration', 'component', { default: MONTH_MS, min: 1, max: Number.MAX_SAFE_INTEGER }),
    maxValue: integer('max_value', 'both', CLIENT_NUMBERS.maxValueBytes),
    poolSize: integer('pool_size', 'connection', CLIENT_NUMBERS.poolSize),
    maxPending: integer('max_pending', 'connection', CLIENT_NUMBERS.maxPending),
    reconnect: integer('reconnect', 'connection', CLIENT_NUMBERS.reconnectMs),
    retries: integer('retries', 'connection', CLIENT_NUMBERS.retries),
    timeout: integer('timeout', 'component', { default: 60_000, min: 1, max: Number.MAX_SAFE_INTEGER }),
    requestTimeout: integer('request_timeout', 'connection', CLIENT_NUMBERS.requestTimeoutMs),
    connectTimeout: integer('connect_timeout', 'connection', CLIENT_NUMBERS.connectTimeoutMs),
    failures: integer('failures', 'connection', CLIENT_NUMBERS.failures),
    retry: integer('retry', 'connection', CLIENT_NUMBERS.retryMs),
    discoveryInterval: optional(integer('discovery_interval', 'connection', { default: 0, min: 0, max: MAX_TIMER_MS })),
    remove: boolean('remove', 'connection'),
    removeTtl: integer('remove_ttl', 'connection', CLIENT_NUMBERS.failoverTtlMs),
    protocol: choice('protocol', 'connection', PROTOCOL_MODES),
    idle: integer('idle', 'connection', CLIENT_NUMBERS.idleMs),
    failSoft: boolean('fail_soft', 'both'),
    prefix: text('prefix', 'component'),
    clear: boolean('clear', 'component'),
    compressMin: integer('compress_min', 'component', { default: 0, min: 0, max: 1024 ** 3 }),
    updateTimeout: integer('update_timeout', 'component', { default: 10_000, min: 1, max: MAX_TIMER_MS }),
    allowProxy: boolean('allow_proxy', 'component'),
    retryTimeout: integer('retry_timeout', 'component', { default: 100, min: 1, max: MAX_TIMER_MS }),
} as const;

const SPECS = new Map<string, OptionSpec<unknown>>(Object.values(OPTIONS).map(spec => [spec.key, spec]));

/** The valid values of all options, with durations in ms and sizes in bytes. */
export type MemcachedOptions = {
    readonly [K in keyof typeof OPTIONS]: (typeof OPTIONS)[K] extends OptionSpec<infer T> ? T : never;
};

/** Parses the options. Throws INVALID_OPTION. */
export function readOptions(config: ConfigParams): MemcachedOptions {
    const given = config.getSection('options');
    // For an absent option `remove`, `ConfigParams` returns its own method `remove`.
    const present = new Set(given.getKeys());
    const options: Record<string, unknown> = {};
    for (const [name, spec] of Object.entries(OPTIONS) as [string, OptionSpec<unknown>][]) {
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

function parse<T>(spec: OptionSpec<T>, text: string): T {
    const value = spec.parse(text);
    if (value !== undefined) return value;
    throw invalidOption(spec.key, text, spec.allowed);
}

function integer(key: string, reader: Reader, spec: NumberSpec): OptionSpec<number> {
    const parse = (text: string): number | undefined => parseWholeNumber(text, spec.min, spec.max);
    return { key, reader, default: spec.default, allowed: describeNumbers(spec), parse };
}

/** Makes an option whose absence has a meaning of its own. */
function optional<T>(spec: OptionSpec<T>): OptionSpec<T | null> {
    return { ...spec, default: null };
}

function boolean(key: string, reader: Reader): OptionSpec<boolean> {
    return { key, reader, default: false, allowed: 'true or false', parse: parseBoolean };
}

/** Returns an option with one of these values. The first one is the default. */
function choice<T extends string>(key: string, reader: Reader, values: readonly [T, ...T[]]): OptionSpec<T> {
    const parse = (text: string): T | undefined => values.find(value => value === text.toLowerCase());
    return { key, reader, default: values[0], allowed: `one of ${values.join(', ')}`, parse };
}

function text(key: string, reader: Reader): OptionSpec<string> {
    const isText = (text: string): boolean => /^[^\s\p{Cc}]*$/u.test(text) && Buffer.byteLength(text) <= 200;
    const parse = (text: string): string | undefined => (isText(text) ? text : undefined);
    return { key, reader, default: '', allowed: 'up to 200 bytes without white space', parse };
}
