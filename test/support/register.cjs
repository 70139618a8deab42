// Lets a child process of a test run the TypeScript sources. The script compiles a file on its
// first load, and caches the result under the hash of the source.

const { createHash } = require('node:crypto');
const { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const { join, resolve } = require('node:path');

const root = resolve(__dirname, '../..');
const cache = join(root, 'node_modules/.cache/pip-services4-memcached/compiled');

/** @param {string} path */
function compiled(path) {
    const source = readFileSync(path, 'utf8');
    const kept = join(cache, `${createHash('sha256').update(source).digest('hex')}.js`);
    if (existsSync(kept)) return readFileSync(kept, 'utf8');

    /** @type {import('typescript')} */
    const ts = require('typescript'); // slow to load, so only for files that are not in the cache
    const { outputText } = ts.transpileModule(source, {
        fileName: path,
        compilerOptions: {
            module: ts.ModuleKind.CommonJS,
            target: ts.ScriptTarget.ES2022,
            useDefineForClassFields: false,
        },
    });
    mkdirSync(cache, { recursive: true });
    const unfinished = `${kept}.${process.pid}`;
    writeFileSync(unfinished, outputText);
    renameSync(unfinished, kept);
    return outputText;
}

/**
 * @param {{ _compile(code: string, path: string): void }} module
 * @param {string} path
 */
function load(module, path) {
    module._compile(compiled(path), path);
}
Object.assign(require.extensions, { '.ts': load });

const framework = /^pip-services4-(components|config|logic)-node$/;
const loader = /** @type {{ _resolveFilename(request: string, ...rest: unknown[]): string }} */ (
    /** @type {unknown} */ (Module)
);
const resolveFilename = loader._resolveFilename;
/**
 * @param {string} request
 * @param {unknown[]} rest
 */
loader._resolveFilename = (request, ...rest) => {
    const isOurs = request === 'pip-services4-memcached-node';
    const project = isOurs ? root : framework.test(request) ? `${root}/packages/${request}` : null;
    const source = project === null ? request : `${project}/src/index.ts`;
    return resolveFilename.call(loader, source, ...rest);
};
