const { project, run } = require('../jest/shared.js');

/**
 * Configures `npm run test:e2e` for the demo, the examples, the code in the documentation, and the
 * test environment.
 * @type {import('jest').Config}
 */
module.exports = {
    ...run,
    ...project,
    roots: [__dirname],
    testPathIgnorePatterns: ['/node_modules/'],
    testTimeout: 60000,
};
