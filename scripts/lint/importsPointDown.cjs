const { dirname, join, relative, resolve, sep } = require('node:path');
const { LAYERS, PURE, SOCKETS } = require('./layers.cjs');

const src = join(__dirname, '../../src');
const NETWORK = new Set(['node:net', 'node:tls', 'node:dns', 'node:dgram', 'node:http', 'node:https']);
/** The names of these modules that open no socket. */
const HARMLESS = new Set(['isIP', 'isIPv4', 'isIPv6', 'BlockList', 'createSecureContext', 'checkServerIdentity']);

/** @typedef {{ importKind?: string, imported?: { name?: string } }} Specifier */
/**
 * @typedef {import('eslint').Rule.Node & {
 *     source?: { value?: unknown } | null, importKind?: string, specifiers?: Specifier[]
 * }} Import
 */

/**
 * The linter's rule for the folders of `src` (see `layers.cjs`).
 * @type {import('eslint').Rule.RuleModule}
 */
const importsPointDown = {
    meta: {
        type: 'problem',
        schema: [],
        messages: {
            up: '{{from}} may not import {{to}}: a folder imports only from folders below it (scripts/lint/layers.cjs)',
            unknown: '{{folder}} has no place in scripts/lint/layers.cjs',
            pure: '{{from}} may not import {{module}}: a pure folder imports only types',
            socket: '{{from}} may not import {{name}} of {{module}}: only {{sockets}} open sockets',
        },
        docs: { description: 'keep imports between the folders of src pointing down' },
    },
    create(context) {
        const from = folderOf(context.filename);
        /** @param {Import} node */
        const check = node => {
            const module = node.source?.value;
            if (typeof module !== 'string') return;
            if (module.startsWith('.')) checkFolder(node, folderOf(resolve(dirname(context.filename), module)));
            else if (NETWORK.has(module)) checkNetwork(node, module);
        };
        /** @type {(node: Import, to: string) => void} */
        const checkFolder = (node, to) => {
            if (to === from) return;
            const unknown = [from, to].find(folder => rowOf(folder) < 0);
            if (unknown !== undefined) return context.report({ node, messageId: 'unknown', data: { folder: unknown } });
            if (rowOf(to) >= rowOf(from)) context.report({ node, messageId: 'up', data: { from, to } });
        };
        /** @type {(node: Import, module: string) => void} */
        const checkNetwork = (node, module) => {
            if (node.importKind === 'type' || SOCKETS.includes(from)) return;
            for (const { importKind, imported } of node.specifiers ?? []) {
                const name = imported?.name ?? 'everything';
                if (importKind === 'type' || (HARMLESS.has(name) && !PURE.includes(from))) continue;
                const messageId = PURE.includes(from) ? 'pure' : 'socket';
                context.report({ node, messageId, data: { from, module, name, sockets: SOCKETS.join(' and ') } });
            }
        };
        return { ImportDeclaration: check, ExportNamedDeclaration: check, ExportAllDeclaration: check };
    },
};

/** @param {string} folder */
function rowOf(folder) {
    return LAYERS.findIndex(row => row.includes(folder));
}

/**
 * Returns the folder of a file, as `layers.cjs` calls it.
 * @param {string} file
 */
function folderOf(file) {
    return relative(src, dirname(file)).split(sep).join('/') || 'src';
}

module.exports = { importsPointDown };
