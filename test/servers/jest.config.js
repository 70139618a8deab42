const { project, run } = require('../jest/shared.js');

/**
 * Configures the tests of `npm run test:servers`. They run each verb against each kind of server.
 * @type {import('jest').Config}
 */
module.exports = {
    ...run,
    ...project,
    roots: [__dirname],
    testPathIgnorePatterns: ['/node_modules/'],
};
