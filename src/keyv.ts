/**
 * A store for Keyv and the packages that build on it:
 * `import { KeyvMemcached } from 'pip-services4-memcached-node/keyv'`.
 *
 * @module pip-services4-memcached-node/keyv
 */
export { KeyvMemcached, type KeyvEntry } from './keyv/KeyvMemcached';
export type {
    ConfigSection,
    KeyvCacheOptions,
    KeyvMemcachedOptions,
    KeyvServerOptions,
} from './keyv/KeyvMemcachedOptions';
