import tseslint from 'typescript-eslint';
import lint from './scripts/lint/importsPointDown.cjs';

const madeInErrors = {
    selector: 'CallExpression[callee.name=/^(exception|serverException)$/]',
    message: 'Make errors in an errors.ts, or in replyErrors.ts.',
};
/** Every exception has a code of ERROR_CODES, and so its class. */
const madeByCode = {
    selector: 'NewExpression[callee.name=/Exception$/]:not([callee.name="BatchException"])',
    message: 'Make it with exception(code, message) of src/client/model/errorCodes.ts.',
};

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
    {
        files: ['src/**'],
        plugins: { house: { rules: { 'imports-point-down': lint.importsPointDown } } },
        rules: { 'house/imports-point-down': 'error', 'no-restricted-syntax': ['error', madeByCode, madeInErrors] },
    },
    {
        files: ['src/**/errors.ts', 'src/**/replyErrors.ts', 'src/**/errorCodes.ts'],
        rules: { 'no-restricted-syntax': ['error', madeByCode] },
    },
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
