import { ConfigParams } from 'pip-services4-components-node';
import type { MemcachedCache } from '../cache/MemcachedCache';
import { ignoredKeys } from '../connect/ignoredKeys';
import { noConnection } from '../component/errors';
import { invalidNamespace, unknownOptions } from './errors';

/** A section of a configuration, with the keys that docs/connections.md and docs/configuration.md list. */
export interface ConfigSection {
    readonly [key: string]: string | number | boolean | ConfigSection | undefined;
}

interface NamespaceOptions {
    /** The namespace of all keys. Keyv's own namespace comes below it. */
    readonly namespace?: string | undefined;
}

/** Options of a store that opens its own connection. They have the names of the components. */
export interface KeyvServerOptions extends NamespaceOptions {
    /** The servers, for example `memcached://localhost:11211`. Short for `connection.uri`. */
    readonly uri?: string | undefined;
    /** One server, or the discovery of servers. See docs/connections.md. */
    readonly connection?: ConfigSection | undefined;
    /** Several servers by name. See docs/connections.md. */
    readonly connections?: ConfigSection | readonly ConfigSection[] | undefined;
    /** The login and the TLS files. See docs/connections.md. */
    readonly credential?: ConfigSection | undefined;
    /** Several credentials by name. See docs/connections.md. */
    readonly credentials?: ConfigSection | readonly ConfigSection[] | undefined;
    /** `options.*` of the components, for example `{ request_timeout: 500 }`. See docs/configuration.md. */
    readonly options?: ConfigSection | undefined;
}

/** Options of a store on the connection of a component. */
export interface KeyvCacheOptions extends NamespaceOptions {
    /**
     * A configured cache, open or not. The store uses its connection, its references and its
     * options, below its prefix.
     */
    readonly cache: MemcachedCache;
}

/** Options of a store: its own connection, or that of a cache. */
export type KeyvMemcachedOptions = KeyvServerOptions | KeyvCacheOptions;

const SECTIONS = ['connection', 'connections', 'credential', 'credentials', 'options', 'cache'];

/**
 * Returns the namespace, and the other options.
 * @throws ConfigException INVALID_OPTION
 */
export function splitOptions({ namespace = '', ...source }: KeyvMemcachedOptions): [string, KeyvMemcachedOptions] {
    if (typeof namespace !== 'string') throw invalidNamespace(namespace);
    return [namespace, source];
}

export function isOfCache(source: KeyvMemcachedOptions): source is KeyvCacheOptions {
    return 'cache' in source && source.cache !== undefined;
}

/** @throws ConfigException INVALID_OPTION when there are other options beside the cache */
export function cacheOf({ cache, ...others }: KeyvCacheOptions): MemcachedCache {
    const unknown = Object.keys(others);
    if (unknown.length > 0) throw unknownOptions(unknown, 'only namespace beside cache');
    return cache;
}

/**
 * Returns the configuration of a component.
 * @throws ConfigException INVALID_OPTION when no component reads an option
 * @throws ConfigException NO_CONNECTION when there is no server
 */
export function configOf({ uri, ...sections }: KeyvServerOptions): ConfigParams {
    const config = ConfigParams.fromValue(sections);
    // An absent or empty section is a key without a section.
    for (const name of SECTIONS) config.remove(name);
    if (uri !== undefined) config.put('connection.uri', uri);
    const unknown = ignoredKeys(config);
    if (unknown.length > 0) {
        throw unknownOptions(unknown, 'uri, namespace, connection(s), credential(s) and options of components');
    }
    if (!config.getSectionNames().some(name => /^connections?$/.test(name))) {
        throw noConnection('expected the option uri, connection, connections or cache of KeyvMemcached');
    }
    return config;
}
