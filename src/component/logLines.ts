/**
 * All lines of the log, with their levels. Values replace `…`. docs/operations.md explains
 * each line.
 * @enum
 */
export const LOG_LINES = {
    serverDown: 'warn: memcached at … is down: …',
    serverUp: 'info: memcached at … is up again',
    serverIdentified: 'info: memcached at … speaks the … protocol (version …)',
    serverFlaps: 'warn: memcached at … flaps: … more changes within a minute',
    fallbacks: 'warn: memcached is unavailable, continuing without the cache: …',
    evicted: 'warn: more than … values stored: evicting the oldest (options.max_size)',
    undecodable: 'warn: a value with flags … counts as a miss: expected JSON (options.prefix)',
    cappedExpirations: 'warn: capping expirations at … ms (options.max_expiration)',
    storeFailures: 'warn: cannot store the loaded value of …: …',
    refreshFailures: 'warn: cannot refresh the stale value of …: …',
    lockLost: 'warn: lost lock … before the release: the ttl ran out, or the server removed the lock',
    lockReleaseFailed: 'warn: cannot release lock …: …',
    repeated: 'warn: … (and … more since the last such line)',
    passwordExposed: 'warn: sending the password unencrypted to … (use memcacheds:// or connection.protocol: tls)',
    unverified: 'warn: not verifying the certificates of … (credential.ssl_verify)',
    tlsUnused: 'warn: no server uses TLS, so these keys have no effect: …',
    tlsFilesRenewed: 'info: the TLS files have changed: new connections use them',
    tlsFilesRejected: 'warn: the changed TLS files are not usable, keeping the old ones: …',
    loginEmpty: 'warn: credential.username and credential.password are empty: sending no login',
    serverWithoutKeys: 'warn: no key belongs to …: the weight is too small beside the others (connection.weight)',
    serversChanged: 'info: the servers changed: …',
    discoveryFailed: 'warn: the lookup of … failed, keeping its servers: …',
    discoveryRecovered: 'info: the lookup of … works again',
    discoveryUnused:
        'warn: options.discovery_interval has no effect: no connection has a discovery_key or a scheme that finds servers',
    removeTtlUnused: 'warn: options.remove_ttl has no effect without options.remove: true',
    discoveryForLocks:
        'warn: a lock is lost when its key moves to another server (options.discovery_interval: 0 keeps the servers)',
    proxyForLocks: 'warn: a lock behind … is not safe: it leads to more than one memcached (options.allow_proxy)',
    sharedName:
        'warn: … has several addresses, and each connection may reach another server (use memcached+srv:// or memcached+dns://)',
    clusterName: 'warn: … is a cluster endpoint, and may lead to another server later (use memcached+cluster://)',
    ignoredKeys: 'warn: ignoring unknown configuration keys: …',
    keysOfConnection: 'warn: ignoring keys of a connection in a component that shares one: …',
    keysOfComponents: 'warn: ignoring keys of a component in a shared connection: …',
} as const;

type Lines = typeof LOG_LINES;
export type LineKey = keyof Lines;

/** A line with its values. Only `line` creates one, so LOG_LINES lists every line of the log. */
export type LogLine<Level extends string> = string & {
    /** The level. It exists for the compiler only. */
    readonly [LEVEL]: Level;
};
declare const LEVEL: unique symbol;

type Levels = { [K in LineKey]: Lines[K] extends `${infer Level}: ${string}` ? Level : never };
type ValuesIn<Text extends string> = Text extends `${string}…${infer Rest}`
    ? [value: string | number, ...others: ValuesIn<Rest>]
    : [];
/** One value for each `…` of the line. */
export type ValuesOf<K extends LineKey> = ValuesIn<Lines[K]>;

export function line<K extends LineKey>(key: K, ...values: ValuesOf<K>): LogLine<Levels[K]> {
    // The error of a loader may have line breaks.
    const rest = values.map(value => String(value).replace(/\s*[\r\n]+\s*/g, ' '));
    const text = LOG_LINES[key].replace(/^\w+: /, '').replace(/…/g, () => rest.shift()!);
    return text as LogLine<Levels[K]>;
}
