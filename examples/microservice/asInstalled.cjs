// config.yml names a factory of `pip-services4-memcached-node`, like any service that has installed
// the package. In this checkout the package is not in node_modules, because it is the checkout. So
// this file resolves the name to the build. Your service does not need it.

const Module = require('node:module');

const name = 'pip-services4-memcached-node';
const entry = require.resolve(name);
const loader = /** @type {any} */ (Module);
const resolveFilename = loader._resolveFilename;
/** @param {[string, ...unknown[]]} args */
loader._resolveFilename = (...args) => (args[0] === name ? entry : resolveFilename.apply(loader, args));
