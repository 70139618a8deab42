const shared = require('./test/jest/shared.js');

/**
 * `npm test`: unit and integration tests, and once more over the meta protocol those of the client,
 * the cache, the lock and the faults. Unit tests stand in subfolders there, but for `memjs`.
 * `test/e2e`, `test/soak`, `test/servers` and `test/browser` have configurations of their own.
 * @type {import('jest').Config}
 */
module.exports = {
    ...shared.run,
    projects: [
        {
            ...shared.project,
            displayName: 'all',
            roots: ['<rootDir>/test', '<rootDir>/packages'],
            testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/(e2e|soak|servers|browser)/'],
        },
        {
            ...shared.project,
            displayName: 'meta',
            roots: ['<rootDir>/test'],
            testMatch: ['<rootDir>/test/{cache,client,client/memjs,faults,lock}/*.test.ts'],
            setupFiles: ['<rootDir>/test/jest/useMeta.ts', ...shared.project.setupFiles],
        },
    ],
};
