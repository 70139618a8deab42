/**
 * The framework packages that this package uses, for services without another copy of them:
 * `import { ConfigParams } from 'pip-services4-memcached-node/framework'`.
 *
 * @module pip-services4-memcached-node/framework
 */
export * from 'pip-services4-commons-node';
export * from 'pip-services4-components-node';
export * from 'pip-services4-config-node';
export * from 'pip-services4-logic-node';
