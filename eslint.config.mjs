import tseslint from 'typescript-eslint';

/**
 * Imports point down: build → cache, lock → connect → client. Within `client`, pure files import nothing that has a socket.
 * Each entry: the files, and what they may not import.
 */
const house = [
    { files: ['src/client/**'], above: ['**/connect/**', '**/cache/**', '**/lock/**', '**/build/**'] },
    { files: ['src/connect/**'], above: ['**/cache/**', '**/lock/**', '**/build/**'] },
    { files: ['src/cache/**'], above: ['**/lock/**', '**/build/**'] },
    { files: ['src/lock/**'], above: ['**/cache/**', '**/build/**'] },
];
/** Every exception has a code of ERROR_CODES, and so its class. */
const madeByCode = {
    selector: 'NewExpression[callee.name=/Exception$/]:not([callee.name="BatchException"])',
    message: 'Make it with exception(code, message) of src/client/model/errorCodes.ts.',
};
const frontDoors = ['**/index', '**/framework', '../index.js', '../framework.js'];

export default tseslint.config(
    { ignores: ['**/dist/**', '**/node_modules/**', 'coverage/**', 'docs/api/**'] },
    {
        files: ['**/*.ts'],
        extends: [tseslint.configs.recommendedTypeChecked],
        languageOptions: {
            parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
        },
        rules: {
            '@typescript-eslint/no-floating-promises': 'error',
            '@typescript-eslint/no-misused-promises': 'error',
            '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
            '@typescript-eslint/consistent-type-imports': 'error',
            '@typescript-eslint/prefer-promise-reject-errors': 'error',
            '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
            '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
            eqeqeq: ['error', 'always', { null: 'ignore' }],
            'no-console': 'error',
        },
    },
    ...house.map(({ files, above }) => ({
        files,
        rules: { 'no-restricted-imports': ['error', { patterns: [...above, ...frontDoors] }] },
    })),
    { files: ['src/**'], rules: { 'no-restricted-syntax': ['error', madeByCode] } },
    {
        files: ['**/*.test.ts', 'test/**/*.ts'],
        rules: {
            '@typescript-eslint/no-unsafe-assignment': 'off',
            '@typescript-eslint/no-unsafe-member-access': 'off',
            '@typescript-eslint/no-unsafe-argument': 'off',
            '@typescript-eslint/require-await': 'off',
            '@typescript-eslint/unbound-method': 'off',
        },
    },
);
