/** @type {import('jest').Config} */
module.exports = {
    testEnvironment: 'node',
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
    testTimeout: 20000,
};
