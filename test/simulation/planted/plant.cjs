// Load it after `register.cjs`. Plants the bug of `PLANTED` into the sources when Node loads them.

const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const ts = require('typescript');
const bugs = require('./bugs.cjs');

const edits = bugs[process.env.PLANTED ?? ''];
if (edits === undefined) throw new Error(`unknown bug ${process.env.PLANTED}`);

const sources = join(__dirname, '../../../src');
const load = /** @type {(module: { _compile(code: string, path: string): void }, path: string) => void} */ (
    /** @type {unknown} */ (require.extensions['.ts'])
);

/**
 * @param {{ _compile(code: string, path: string): void }} module
 * @param {string} path
 */
function loadPlanted(module, path) {
    const here = edits?.filter(({ file }) => path === join(sources, file)) ?? [];
    if (here.length === 0) return load(module, path);
    let source = readFileSync(path, 'utf8');
    for (const { file, from, to } of here) {
        if (source.split(from).length !== 2) throw new Error(`${file} does not have this once: ${from}`);
        source = source.replace(from, () => to);
    }
    const compilerOptions = {
        module: ts.ModuleKind.CommonJS,
        target: ts.ScriptTarget.ES2022,
        useDefineForClassFields: false,
    };
    module._compile(ts.transpileModule(source, { fileName: path, compilerOptions }).outputText, path);
}
Object.assign(require.extensions, { '.ts': loadPlanted });
