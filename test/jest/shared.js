const { availableParallelism } = require('node:os');
const { resolve } = require('node:path');

/** The part of the configuration that all suites share for each of their tests. */
exports.project = {
    rootDir: resolve(__dirname, '../..'),
    testMatch: ['**/*.test.ts'],
    modulePathIgnorePatterns: ['/dist/'],
    transform: { '^.+\\.ts$': ['ts-jest', { tsconfig: 'tsconfig.json', diagnostics: false }] },
    // The tests see sources, never a stale build.
    moduleNameMapper: {
        '^(pip-services4-(?:components|config|logic)-node)$': '<rootDir>/packages/$1/src/index.ts',
        '^pip-services4-memcached-node$': '<rootDir>/src/index.ts',
        '^pip-services4-memcached-node/framework$': '<rootDir>/src/framework.ts',
        '^pip-services4-memcached-node/keyv$': '<rootDir>/src/keyv.ts',
    },
    globalSetup: '<rootDir>/test/jest/globalSetup.ts',
    globalTeardown: '<rootDir>/test/jest/globalTeardown.ts',
    setupFiles: ['<rootDir>/test/jest/useSeed.ts'],
    testEnvironment: '<rootDir>/test/jest/StrictEnvironment.ts',
};

/** The part for a whole run. */
exports.run = {
    // Most tests wait for a server or for time to pass. So more workers keep the cores busy.
    maxWorkers: Math.max(4, availableParallelism()),
    // Makes jest use a worker process even for a single file. All its open handles are the test's.
    workerIdleMemoryLimit: '1GB',
    testTimeout: 20000,
};
