/** @type {import('jest').Config} */
module.exports = {
    roots: ['<rootDir>/test', '<rootDir>/packages'],
    testMatch: ['**/*.test.ts'],
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
    testEnvironment: '<rootDir>/test/jest/StrictEnvironment.ts',
    // Makes jest use worker processes also for a single file: what is open there is the test's, not jest's.
    workerIdleMemoryLimit: '1GB',
    testTimeout: 20000,
};
