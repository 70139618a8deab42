const shared = require('../../jest.config.js');

/**
 * `npm run test:page`: what needs a browser, and is therefore not among the tests that run everywhere.
 * @type {import('jest').Config}
 */
module.exports = {
    ...shared,
    roots: [__dirname],
    testMatch: ['**/*.page.ts'],
    testPathIgnorePatterns: ['/node_modules/'],
    globalSetup: undefined,
    globalTeardown: undefined,
};
