/**
 * `npm test`: unit and integration tests. `test/e2e`, `test/soak`, `test/servers` and
 * `test/browser` have configurations of their own, which begin with this one.
 * @type {import('jest').Config}
 */
module.exports = {
    rootDir: __dirname,
    roots: ['<rootDir>/test', '<rootDir>/packages'],
    testMatch: ['**/*.test.ts'],
    testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/(e2e|soak|servers|browser)/'],
    modulePathIgnorePatterns: ['/dist/'],
    transform: { '^.+\\.ts$': ['ts-jest', { tsconfig: 'tsconfig.json', diagnostics: false }] },
    // The tests see sources, never a stale build.
    moduleNameMapper: {
        '^(pip-services4-(?:components|config|logic)-node)$': '<rootDir>/packages/$1/src/index.ts',
        '^pip-services4-memcached-node$': '<rootDir>/src/index.ts',
        '^pip-services4-memcached-node/framework$': '<rootDir>/src/framework.ts',
    },
    globalSetup: '<rootDir>/test/jest/globalSetup.ts',
    globalTeardown: '<rootDir>/test/jest/globalTeardown.ts',
    setupFiles: ['<rootDir>/test/jest/useSeed.ts'],
    testEnvironment: '<rootDir>/test/jest/StrictEnvironment.ts',
    // Most tests wait for a server or for time to pass, so more workers than cores keep the cores busy.
    maxWorkers: Math.max(4, require('node:os').availableParallelism()),
    // Makes jest use worker processes also for a single file: what is open there is the test's, not jest's.
    workerIdleMemoryLimit: '1GB',
    testTimeout: 20000,
};
