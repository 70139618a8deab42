import { invalidClientOption } from './errors';
import type { ServerIdentity } from './ServerIdentity';
import { MAX_TIMER_MS } from '../../util/timers';

/** An observer of servers. The client calls it once for each change between up and down. */
export interface ServerObserver {
    /** Reports a server that counts as down because of this fault. */
    onDown(address: string, fault: Error): void;
    /** Reports a server that answers again. */
    onUp(address: string): void;
    /** Reports the protocol and the version of a server, at first and whenever they change. */
    onIdentified?(address: string, identity: ServerIdentity): void;
}

/**
 * Options of a `MemcachedClient`. An absent or undefined option has its default. The README has the
 * ranges. The client rejects other values and names with `INVALID_OPTION`.
 */
export interface ClientOptions {
    /** Maximum number of sockets per server. */
    readonly poolSize?: number | undefined;
    /** Maximum number of retries of an idempotent call after connection faults. */
    readonly retries?: number | undefined;
    /** Maximum number of queued and in-flight calls per server, else `OVERLOADED`. 0 = no limit. */
    readonly maxPending?: number | undefined;
    /** Time limit of a call, retries included, in ms. */
    readonly requestTimeoutMs?: number | undefined;
    /** Time limit of a connection attempt, TLS and login included, in ms. */
    readonly connectTimeoutMs?: number | undefined;
    /** Maximum pause between connection attempts to a server that is not down yet, in ms. */
    readonly reconnectMs?: number | undefined;
    /** Consecutive faults after which a server counts as down. */
    readonly failures?: number | undefined;
    /** Maximum pause between probes of a server that is down, in ms. */
    readonly retryMs?: number | undefined;
    /** How long an idle socket stays open, in ms. 0 = forever. */
    readonly idleMs?: number | undefined;
    /** Maximum size of a key, in bytes. memcached allows at most 250. */
    readonly maxKeyBytes?: number | undefined;
    /** Maximum size of a value, in bytes. */
    readonly maxValueBytes?: number | undefined;
    /** Whether the keys of a server that is down go to the next server on the ring. */
    readonly failover?: boolean | undefined;
    /** Maximum expiry of the values on that next server, in ms. 0 = their own. */
    readonly failoverTtlMs?: number | undefined;
    /** The wire protocol. 'auto' = the client finds out which one each server speaks. */
    readonly protocol?: 'auto' | 'binary' | 'meta' | undefined;
    /** The observer of servers that go down or come back. */
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

export function describeNumbers({ min, max }: NumberSpec): string {
    return `whole numbers from ${min} to ${max}`;
}

/** @throws ConfigException INVALID_OPTION with the option and its range */
export function readClientOptions(options: ClientOptions): ClientSettings {
    if (typeof options !== 'object' || (options as unknown) === null) {
        throw invalidClientOption('options', 'an object');
    }
    const settings: Record<string, unknown> = { ...OTHER_DEFAULTS };
    for (const [name, spec] of Object.entries(CLIENT_NUMBERS)) settings[name] = spec.default;
    for (const [name, value] of Object.entries(options)) {
        if (value === undefined) continue;
        if (!Object.hasOwn(settings, name)) {
            const known = Object.keys(settings).join(', ');
            throw invalidClientOption(name, `one of ${known}; docs/migration.md maps the options of memjs`);
        }
        const problem = problemOf(name, value);
        if (problem !== null) throw invalidClientOption(name, problem);
        settings[name] = value;
    }
    return Object.freeze(settings) as ClientSettings;
}

/** Returns the allowed values, or null if the value is allowed. */
function problemOf(name: string, value: unknown): string | null {
    if (name === 'failover') return typeof value === 'boolean' ? null : 'true or false';
    if (name === 'protocol') {
        return PROTOCOL_MODES.includes(value as ProtocolMode) ? null : `one of ${PROTOCOL_MODES.join(', ')}`;
    }
    if (name === 'observer') return isObserver(value) ? null : 'an object with the functions onDown and onUp';
    const spec: NumberSpec = CLIENT_NUMBERS[name as keyof typeof CLIENT_NUMBERS];
    const isAllowed = Number.isInteger(value) && Number(value) >= spec.min && Number(value) <= spec.max;
    return isAllowed ? null : describeNumbers(spec);
}

function isObserver(value: unknown): value is ServerObserver {
    const { onDown, onUp } = (value ?? {}) as Partial<ServerObserver>;
    return typeof onDown === 'function' && typeof onUp === 'function';
}
