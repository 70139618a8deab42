/** Every line of the log, with its level. Values take the place of `…`. */
export const LOG_LINES = {
    serverDown: 'warn: memcached at … is down: …',
    serverUp: 'info: memcached at … is up again',
    serverFlaps: 'warn: memcached at … flaps: … more changes within a minute',
    fallbacks: 'warn: memcached is unavailable, continuing without it: …',
    evicted: 'warn: more than … values stored: evicting the oldest (options.max_size)',
    undecodable: 'warn: a value with flags … counts as a miss: expected JSON (options.prefix)',
    cappedExpirations: 'warn: expirations are capped at … ms (options.max_expiration)',
    storeFailures: 'warn: cannot store the loaded value of …: …',
    refreshFailures: 'warn: cannot refresh the stale value of …: …',
    lockLost: 'warn: lock … was over before it was released: its ttl ran out, or the server lost it',
    lockReleaseFailed: 'warn: lock … could not be released: …',
    again: 'warn: … (and … others since this was last said)',
    passwordExposed: 'warn: the password travels unencrypted to …: use memcacheds:// or connection.protocol: tls',
    unverified: 'warn: credential.ssl_verify is false: whoever answers at … is taken for memcached',
    tlsUnused: 'warn: no server is spoken to in TLS, although there is …',
    loginEmpty: 'warn: credential.username and credential.password are empty: there is no login',
    serverWithoutKeys: 'warn: no key belongs to …: raise connection.weight, it is too small beside the others',
    serversChanged: 'info: the servers have changed: …',
    discoveryFailed: 'warn: discovery gives no servers, so those that there are stay: …',
    discoveryAnswers: 'info: discovery answers again',
    discoveryUnused: 'warn: options.discovery_interval does nothing: no connection has a discovery_key',
    discoveryForLocks:
        'warn: options.discovery_interval is for caches: a lock is lost when its key gets another server',
    ignoredKeys: 'warn: keys that nothing reads are ignored: …',
    keysOfConnection: 'warn: keys of the shared connection are ignored here: …',
    keysOfComponents: 'warn: keys of the components are ignored here: …',
} as const;

type Lines = typeof LOG_LINES;
export type LineKey = keyof Lines;

/** A line with its values. Only `line` makes one, so the log has no line that LOG_LINES lacks. */
export type LogLine<Level extends string> = string & { readonly [LEVEL]: Level };
declare const LEVEL: unique symbol;

type Levels = { [K in LineKey]: Lines[K] extends `${infer Level}: ${string}` ? Level : never };
type ValuesIn<Text extends string> = Text extends `${string}…${infer Rest}`
    ? [value: string | number, ...others: ValuesIn<Rest>]
    : [];
/** As many as the line has `…`. */
export type ValuesOf<K extends LineKey> = ValuesIn<Lines[K]>;

export function line<K extends LineKey>(key: K, ...values: ValuesOf<K>): LogLine<Levels[K]> {
    // An error of a loader may have line breaks.
    const rest = values.map(value => String(value).replace(/\s*[\r\n]+\s*/g, ' '));
    const text = LOG_LINES[key].replace(/^\w+: /, '').replace(/…/g, () => rest.shift()!);
    return text as LogLine<Levels[K]>;
}
