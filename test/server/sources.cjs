// `node --require test/server/sources.cjs script.cjs`: a child process that runs the sources, as jest does, and no stale build.
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { join, resolve } = require('node:path');
const ts = require('typescript');

const root = resolve(__dirname, '../..');
/** @param {string} file */
const optionsOf = file => ts.readConfigFile(join(root, file), ts.sys.readFile).config.compilerOptions;
/** @type {Record<string, string[]>} */
const sources = optionsOf('tsconfig.json').paths;
const json = { ...optionsOf('tsconfig.base.json'), module: 'commonjs', moduleResolution: 'node10' };
const compilerOptions = ts.convertCompilerOptionsFromJson(json, root).options;

/** @type {any} Node's own, without types */
const loader = Module;
const resolveFilename = loader._resolveFilename;
loader._resolveFilename = (/** @type {string} */ name, /** @type {unknown[]} */ ...rest) => {
    const [source] = sources[name] ?? [];
    return resolveFilename(source ? join(root, source) : name, ...rest);
};
loader._extensions['.ts'] = (/** @type {any} */ module, /** @type {string} */ file) => {
    module._compile(ts.transpileModule(readFileSync(file, 'utf8'), { compilerOptions }).outputText, file);
};
