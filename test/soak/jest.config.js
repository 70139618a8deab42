const shared = require('../../jest.config.js');

/**
 * `npm run test:soak`: many processes, many servers, random faults. `SOAK_MS` lengthens the random
 * ones.
 * @type {import('jest').Config}
 */
module.exports = {
    ...shared,
    roots: [__dirname],
    testPathIgnorePatterns: ['/node_modules/'],
    testTimeout: 60000 + 3 * Number(process.env.SOAK_MS ?? 0),
};
