import { invalidClientOption, invalidClientOptions } from './errors';
import type { ServerIdentity } from './ServerIdentity';
import { findUnknown, isOptions } from '../../util/options';
import { MAX_TIMER_MS } from '../../util/timers';

/** An observer of servers. The client calls it once for each change between up and down. */
export interface ServerObserver {
    /** Reports a server that counts as down because of this fault. */
    onDown(address: string, fault: Error): void;
    /** Reports a server that answers again. */
    onUp(address: string): void;
    /** Reports the protocol and the version of a server, at first and whenever they change. */
    readonly onIdentified?: ((address: string, identity: ServerIdentity) => void) | undefined;
}

/**
 * Options of a `MemcachedClient`. An absent or undefined option has its default. The client rejects
 * an unknown name, or a value out of range, with `INVALID_OPTION` and the allowed values.
 */
export interface ClientOptions {
    /**
     * Expiry of values whose call names none, in seconds. 0 = never. Components have
     * `options.timeout` instead. Default 0.
     */
    readonly expires?: number | undefined;
    /** Maximum number of sockets per server. Default 5. */
    readonly poolSize?: number | undefined;
    /** Maximum number of retries of an idempotent call after connection faults. Default 3. */
    readonly retries?: number | undefined;
    /**
     * Maximum number of queued and in-flight calls per server, else `OVERLOADED`. 0 = no limit.
     * Default 100000.
     */
    readonly maxPending?: number | undefined;
    /** Time limit of a call, retries included, in ms. Default 1000. */
    readonly requestTimeoutMs?: number | undefined;
    /** Time limit of a connection attempt, TLS and login included, in ms. Default 1000. */
    readonly connectTimeoutMs?: number | undefined;
    /**
     * Maximum pause between connection attempts to a server that is not down yet, in ms.
     * Default 10000.
     */
    readonly reconnectMs?: number | undefined;
    /** Consecutive faults after which a server counts as down. Default 5. */
    readonly failures?: number | undefined;
    /** Maximum pause between probes of a server that is down, in ms. Default 30000. */
    readonly retryMs?: number | undefined;
    /** How long an idle socket stays open, in ms. 0 = forever. Default 5000. */
    readonly idleMs?: number | undefined;
    /** Maximum size of a key, in bytes. memcached allows at most 250. Default 250. */
    readonly maxKeyBytes?: number | undefined;
    /** Maximum size of a value, in bytes. Default 1048576. */
    readonly maxValueBytes?: number | undefined;
    /** Whether keys of a server that is down go to the next server on the ring. Default false. */
    readonly failover?: boolean | undefined;
    /** Maximum expiry of the values on that next server, in ms. 0 = their own. Default 0. */
    readonly failoverTtlMs?: number | undefined;
    /**
     * The wire protocol. 'auto' = the client finds out which one each server speaks.
     * Default 'auto'.
     */
    readonly protocol?: 'auto' | 'binary' | 'meta' | undefined;
    /** The observer of servers that go down or come back. Default: none. */
    readonly observer?: ServerObserver | undefined;
}

/** All options, checked, with their defaults. */
export type ClientSettings = { readonly [K in keyof ClientOptions]-?: Exclude<ClientOptions[K], undefined> };

export interface NumberSpec {
    readonly default: number;
    readonly min: number;
    readonly max: number;
}

/** The maximum size of a key in memcached, in bytes. */
export const MAX_KEY_BYTES = 250;

/** Defaults and ranges of the numeric options. The components' `options.*` use them, too. */
export const CLIENT_NUMBERS = {
    // A Unix time, which a call may have, would end all values at the same moment.
    expires: { default: 0, min: 0, max: 30 * 24 * 60 * 60 },
    poolSize: { default: 5, min: 1, max: 1000 },
    retries: { default: 3, min: 0, max: 100 },
    maxPending: { default: 100_000, min: 0, max: Number.MAX_SAFE_INTEGER },
    requestTimeoutMs: { default: 1000, min: 1, max: MAX_TIMER_MS },
    connectTimeoutMs: { default: 1000, min: 1, max: MAX_TIMER_MS },
    reconnectMs: { default: 10_000, min: 1, max: MAX_TIMER_MS },
    failures: { default: 5, min: 1, max: 1000 },
    retryMs: { default: 30_000, min: 1, max: MAX_TIMER_MS },
    idleMs: { default: 5000, min: 0, max: MAX_TIMER_MS },
    failoverTtlMs: { default: 0, min: 0, max: 30 * 24 * 60 * 60 * 1000 },
    maxKeyBytes: { default: MAX_KEY_BYTES, min: 1, max: MAX_KEY_BYTES },
    maxValueBytes: { default: 1024 * 1024, min: 1, max: 1024 ** 3 },
} as const satisfies Record<string, NumberSpec>;

/** The values of the option `protocol`. */
export const PROTOCOL_MODES = ['auto', 'binary', 'meta'] as const;
export type ProtocolMode = (typeof PROTOCOL_MODES)[number];

const OTHER_DEFAULTS = { failover: false, protocol: 'auto', observer: { onDown: () => {}, onUp: () => {} } };

const OBSERVER = 'an object with the functions onDown and onUp, and onIdentified if you need it';

export function describeNumbers({ min, max }: NumberSpec): string {
    return `whole numbers from ${min} to ${max}`;
}

/** The options of memjs that this client has under another name, or replaces. */
const MEMJS_OPTIONS: Readonly<Record<string, string>> = {
    timeout: 'requestTimeoutMs, in ms',
    conntimeout: 'connectTimeoutMs, in ms',
    retry_delay: 'reconnectMs, in ms',
    failoverTime: 'retryMs, in ms',
    keepAlive: 'idleMs, because sockets are always kept alive',
    keepAliveDelay: 'idleMs, because sockets are always kept alive',
    username: 'the login of each server',
    password: 'the login of each server',
    logger: 'observer, because the client logs nothing',
    serializer: 'text or bytes as values, or a MemcachedCache',
};

/** @throws ConfigException INVALID_OPTION with the option and its range */
export function readClientOptions(options: ClientOptions): ClientSettings {
    if (!isOptions(options)) throw invalidClientOptions(options);
    const settings: Record<string, unknown> = { ...OTHER_DEFAULTS };
    for (const [name, spec] of Object.entries(CLIENT_NUMBERS)) settings[name] = spec.default;
    const unknown = findUnknown(options, settings);
    if (unknown !== undefined) throw invalidClientOption(unknown, insteadOf(unknown, Object.keys(settings)));
    for (const name of Object.keys(settings)) {
        const value: unknown = options[name];
        if (value === undefined) continue;
        const problem = problemOf(name, value);
        if (problem !== null) throw invalidClientOption(name, problem);
        settings[name] = value;
    }
    return Object.freeze(settings) as ClientSettings;
}

function insteadOf(unknown: string, known: readonly string[]): string {
    const instead = Object.hasOwn(MEMJS_OPTIONS, unknown) ? MEMJS_OPTIONS[unknown] : `one of ${known.join(', ')}`;
    return `${instead} (docs/migration.md maps the options of other clients)`;
}

/** Returns the allowed values, or null if the value is allowed. */
function problemOf(name: string, value: unknown): string | null {
    if (name === 'failover') return typeof value === 'boolean' ? null : 'true or false';
    if (name === 'protocol') {
        return PROTOCOL_MODES.includes(value as ProtocolMode) ? null : `one of ${PROTOCOL_MODES.join(', ')}`;
    }
    if (name === 'observer') return isObserver(value) ? null : OBSERVER;
    const spec: NumberSpec = CLIENT_NUMBERS[name as keyof typeof CLIENT_NUMBERS];
    const isAllowed = Number.isInteger(value) && Number(value) >= spec.min && Number(value) <= spec.max;
    return isAllowed ? null : describeNumbers(spec);
}

function isObserver(value: unknown): value is ServerObserver {
    const { onDown, onUp, onIdentified = onUp } = (value ?? {}) as Partial<ServerObserver>;
    return [onDown, onUp, onIdentified].every(one => typeof one === 'function');
}
