// Preloaded after `register.cjs`: plants the bug that `PLANTED` names into the sources as they are loaded.

const { join } = require('node:path');
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
    const compile = module._compile.bind(module);
    module._compile = (code, name) => compile(mutate(code, name), name);
    load(module, path);
}
Object.assign(require.extensions, { '.ts': loadPlanted });

/**
 * @param {string} code
 * @param {string} path
 */
function mutate(code, path) {
    let mutated = code;
    for (const { file, from, to } of edits ?? []) {
        if (path !== join(sources, file)) continue;
        if (mutated.split(from).length !== 2) throw new Error(`${file} does not have this once: ${from}`);
        mutated = mutated.replace(from, () => to);
    }
    return mutated;
}
