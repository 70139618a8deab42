// Keyv and the packages that build on it. They are not dependencies of this project. The folder
// `packages` has their exact versions, and `npm run test:e2e` installs them into a cache.

const { createHash } = require('node:crypto');
const { existsSync, readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join, resolve } = require('node:path');

const root = resolve(__dirname, '../../..');
const source = join(__dirname, 'packages');
const lock = readFileSync(join(source, 'package-lock.json'));
const version = createHash('sha256').update(lock).digest('hex').slice(0, 12);
const folder = join(root, 'node_modules/.cache/pip-services4-memcached', `keyv-${version}`);

/** Returns whether npm has installed the packages. It writes `.package-lock.json` last. */
const areInstalled = () => existsSync(join(folder, 'node_modules/.package-lock.json'));

/**
 * Loads an installed package.
 * @param {string} name
 * @returns {any}
 */
const requirePackage = name => createRequire(join(folder, 'package.json'))(name);

module.exports = { source, folder, areInstalled, requirePackage };
