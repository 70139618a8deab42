// Keyv and the packages that build on it. They are not dependencies of this project. `npm run
// test:e2e` installs them outside this folder, and names their node_modules in KEYV_MODULES.

const { createRequire } = require('node:module');
const { dirname } = require('node:path');

const modules = process.env.KEYV_MODULES;
const areInstalled = modules !== undefined;
/** The folder of a program that imports the packages. */
const folder = dirname(modules ?? '');

/**
 * Loads an installed package.
 * @param {string} name
 * @returns {any}
 */
const requirePackage = name => createRequire(`${modules}/`)(name);

module.exports = { areInstalled, folder, requirePackage };
