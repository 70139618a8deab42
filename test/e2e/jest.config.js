const { project, run } = require('../jest/shared.js');
const { areInstalled } = require('./keyv/packages.cjs');

/**
 * Configures `npm run test:e2e` for the demo, the examples, the code in the documentation, Keyv, and
 * the test environment.
 * @type {import('jest').Config}
 */
module.exports = {
    ...run,
    ...project,
    roots: [__dirname],
    testPathIgnorePatterns: ['/node_modules/', ...(areInstalled ? [] : ['/test/e2e/keyv/'])],
    testTimeout: 60000,
};
