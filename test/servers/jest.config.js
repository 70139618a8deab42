const shared = require('../../jest.config.js');

/**
 * Configures the tests of `npm run test:servers`. They run each verb against each kind of server.
 * @type {import('jest').Config}
 */
module.exports = {
    ...shared,
    roots: [__dirname],
    testPathIgnorePatterns: ['/node_modules/'],
};
