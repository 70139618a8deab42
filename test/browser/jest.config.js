const { project, run } = require('../jest/shared.js');

/**
 * Configures `npm run test:page`, which needs a browser and is therefore separate.
 * @type {import('jest').Config}
 */
module.exports = {
    ...run,
    ...project,
    roots: [__dirname],
    testMatch: ['**/*.page.ts'],
    testPathIgnorePatterns: ['/node_modules/'],
    globalSetup: undefined,
    globalTeardown: undefined,
};
