const { project, run } = require('../jest/shared.js');

/**
 * Configures `npm run test:soak` with many processes, many servers and random faults.
 * `SOAK_MS` lengthens the random tests.
 * @type {import('jest').Config}
 */
module.exports = {
    ...run,
    ...project,
    roots: [__dirname],
    testPathIgnorePatterns: ['/node_modules/'],
    testTimeout: 60000 + 3 * Number(process.env.SOAK_MS ?? 0),
};
