/**
 * The framework packages this package was built with, for services that have no other copy of them:
 * `import { ConfigParams } from 'pip-services4-memcached-node/framework'`.
 */
export * from 'pip-services4-commons-node';
export * from 'pip-services4-components-node';
export * from 'pip-services4-config-node';
export * from 'pip-services4-logic-node';
