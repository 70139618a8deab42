const { globalSetup: _, globalTeardown: __, ...shared } = require('./jest.config.js');

/**
 * `npm run test:page`: what needs a browser, and is therefore not among the tests that run everywhere.
 * @type {import('jest').Config}
 */
module.exports = { ...shared, roots: ['<rootDir>/test/browser'], testMatch: ['**/*.page.ts'] };
