const shared = require('../../jest.config.js');

/**
 * Configures `npm run test:e2e` for the demo, the examples, the code in the documentation, and the
 * test environment.
 * @type {import('jest').Config}
 */
module.exports = {
    ...shared,
    roots: [__dirname],
    testPathIgnorePatterns: ['/node_modules/'],
    testTimeout: 60000,
};
