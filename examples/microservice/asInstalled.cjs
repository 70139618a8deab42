// config.yml lists a factory of `pip-services4-memcached-node`, as a service does that has installed it. In this checkout the
// package is not in node_modules, because it is the checkout: the name is answered with its build. Your service needs none of this.

const Module = require('node:module');

const name = 'pip-services4-memcached-node';
const entry = require.resolve(name);
const loader = /** @type {any} */ (Module);
const resolveFilename = loader._resolveFilename;
/** @param {[string, ...unknown[]]} args */
loader._resolveFilename = (...args) => (args[0] === name ? entry : resolveFilename.apply(loader, args));
