import { invalidClientOption } from './errors';
import { MAX_TIMER_MS } from '../../util/timers';

/** Hears of a server that goes down or comes back, once per change. */
export interface ServerObserver {
    /** It counts as down, because of this fault. */
    onDown(address: string, fault: Error): void;
    /** It answers again. */
    onUp(address: string): void;
}

/**
 * Options of a `MemcachedClient`. An absent or undefined option has its default.
 * The README has the ranges; any other value or name is `INVALID_OPTION`.
 */
export interface ClientOptions {
    /** Most sockets per server. */
    readonly poolSize?: number | undefined;
    /** How often a repeatable call is retried after a connection fault. */
    readonly retries?: number | undefined;
    /** Most calls per server that are queued or in flight. Further ones fail with `OVERLOADED`. 0 = no limit. */
    readonly maxPending?: number | undefined;
    /** ms after which every call has settled, retries included. */
    readonly requestTimeoutMs?: number | undefined;
    /** ms for one connection attempt, TLS and login included. */
    readonly connectTimeoutMs?: number | undefined;
    /** Longest pause in ms between connection attempts to a server that is not down yet. */
    readonly reconnectMs?: number | undefined;
    /** Consecutive faults after which a server is down. */
    readonly failures?: number | undefined;
    /** Longest pause in ms between probes of a server that is down. */
    readonly retryMs?: number | undefined;
    /** ms after which an idle socket is closed; 0: never. */
    readonly idleMs?: number | undefined;
    /** Longest key in bytes, at most `MOST_KEY_BYTES`. */
    readonly maxKeyBytes?: number | undefined;
    /** Largest value in bytes. */
    readonly maxValueBytes?: number | undefined;
    /** While a server is down, its keys go to the next one on the ring. */
    readonly failover?: boolean | undefined;
    /** Is told when a server goes down or comes back. */
    readonly observer?: ServerObserver | undefined;
}

/** Every option, checked. */
export type ClientSettings = { readonly [K in keyof ClientOptions]-?: Exclude<ClientOptions[K], undefined> };

/** An option that is a whole number. */
export interface NumberSpec {
    readonly default: number;
    readonly min: number;
    readonly max: number;
}

/** memcached's own limit. */
export const MAX_KEY_BYTES = 250;

/** Defaults and ranges of the client's numbers. `options.*` of the components has the same ones. */
export const CLIENT_NUMBERS = {
    poolSize: { default: 5, min: 1, max: 1000 },
    retries: { default: 3, min: 0, max: 100 },
    maxPending: { default: 100_000, min: 0, max: Number.MAX_SAFE_INTEGER },
    requestTimeoutMs: { default: 1000, min: 1, max: MAX_TIMER_MS },
    connectTimeoutMs: { default: 1000, min: 1, max: MAX_TIMER_MS },
    reconnectMs: { default: 10_000, min: 1, max: MAX_TIMER_MS },
    failures: { default: 5, min: 1, max: 1000 },
    retryMs: { default: 30_000, min: 1, max: MAX_TIMER_MS },
    idleMs: { default: 5000, min: 0, max: MAX_TIMER_MS },
    maxKeyBytes: { default: MAX_KEY_BYTES, min: 1, max: MAX_KEY_BYTES },
    maxValueBytes: { default: 1024 * 1024, min: 1, max: 1024 ** 3 },
} as const satisfies Record<string, NumberSpec>;

const OTHER_DEFAULTS = { failover: false, observer: { onDown: () => {}, onUp: () => {} } };

/** What is allowed, in words. */
export function describeNumbers({ min: least, max: most }: NumberSpec): string {
    return `whole numbers from ${least} to ${most}`;
}

/** @throws ConfigException INVALID_OPTION, naming the option and what is allowed */
export function readClientOptions(options: ClientOptions): ClientSettings {
    if (typeof options !== 'object' || (options as unknown) === null) {
        throw invalidClientOption('options', 'an object');
    }
    const settings: Record<string, unknown> = { ...OTHER_DEFAULTS };
    for (const [name, spec] of Object.entries(CLIENT_NUMBERS)) settings[name] = spec.default;
    for (const [name, value] of Object.entries(options)) {
        if (value === undefined) continue;
        if (!Object.hasOwn(settings, name)) throw unknownOption(name, Object.keys(settings));
        const problem = problemOf(name, value);
        if (problem !== null) throw invalidClientOption(name, problem);
        settings[name] = value;
    }
    return Object.freeze(settings) as ClientSettings;
}

/** null, or what is allowed. */
function problemOf(name: string, value: unknown): string | null {
    if (name === 'failover') return typeof value === 'boolean' ? null : 'true or false';
    if (name === 'observer') return isObserver(value) ? null : 'an object with the functions onDown and onUp';
    const spec: NumberSpec = CLIENT_NUMBERS[name as keyof typeof CLIENT_NUMBERS];
    const isAllowed = Number.isInteger(value) && Number(value) >= spec.min && Number(value) <= spec.max;
    return isAllowed ? null : describeNumbers(spec);
}

function isObserver(value: unknown): value is ServerObserver {
    const { onDown, onUp } = (value ?? {}) as Partial<ServerObserver>;
    return typeof onDown === 'function' && typeof onUp === 'function';
}

function unknownOption(name: string, known: readonly string[]): Error {
    return invalidClientOption(name, `one of ${known.join(', ')}; docs/migration.md maps the options of memjs`);
}
