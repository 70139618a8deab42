import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../setup/say.mjs';
import { PackageFault } from './Project.mjs';

const name = 'pip-services4-memcached-node';

/** The public names that must exist, by their import path. The list is complete. */
const required = {
    [name]: names(
        'BatchException COUNTER_NAMES DefaultMemcachedFactory ERROR_CODES LOG_LINES MemcachedCache MemcachedClient MemcachedConnection MemcachedConnectionResolver',
    ),
    [`${name}/framework`]: [
        // commons
        ...names('ApplicationException BadRequestException ConfigException ConflictException ConnectionException'),
        ...names('ErrorCategory InternalException InvalidStateException InvocationException StringValueMap'),
        // components
        ...names(
            'Cleaner Closer CompositeFactory ConfigParams Context ContextResolver CreateException Descriptor Factory',
        ),
        ...names('Opener Reference ReferenceException Referencer References'),
        // config
        ...names('ConfigReader ConnectionParams ConnectionResolver CredentialParams CredentialResolver'),
        ...names('DefaultConfigFactory FileConfigReader JsonConfigReader MemoryConfigReader MemoryCredentialStore'),
        ...names('MemoryDiscovery YamlConfigReader'),
        // logic
        ...names('CacheEntry DefaultLogicFactory Lock MemoryCache MemoryLock NullCache NullLock'),
    ],
    [`${name}/keyv`]: names('KeyvMemcached'),
};

/** Checks that the names exist for `require`, for `import` and for the compiler. */
export async function checkExports(project) {
    const exported = await loadWithRequire(project);
    await importByName(project, exported);
    await compile(project, exported);
}

/** @returns {Promise<Record<string, string[]>>} the names that each path exports */
async function loadWithRequire(project) {
    const paths = JSON.stringify(Object.keys(required));
    project.write('list.cjs', `console.log(JSON.stringify(${paths}.map(path => [path, Object.keys(require(path))])));`);
    const exported = Object.fromEntries(JSON.parse(await project.node(['list.cjs'])));
    for (const [path, names] of Object.entries(required)) {
        const missing = names.filter(wanted => !exported[path].includes(wanted));
        if (missing.length > 0) throw new PackageFault(`${path} does not export ${missing.join(', ')}`);
        console.log(`require('${path}') gives ${exported[path].length} names.`);
    }
    return exported;
}

async function importByName(project, exported) {
    project.write('import.mjs', importsOf(exported, 'if (value === undefined) throw new Error("undefined");'));
    await project.node(['import.mjs']);
    console.log('Each of them can be imported by name in an ES module.');
}

/** Compiles as strictly as a consumer can, which also checks the package's own declarations. */
async function compile(project, exported) {
    // Every Node project in TypeScript has these types. A copy hides this checkout from the
    // project.
    for (const types of ['@types/node', 'undici-types']) {
        cpSync(join(root, 'node_modules', types), project.path(`node_modules/${types}`), { recursive: true });
    }
    project.write('consumer.ts', importsOf(exported, 'void value;'));
    const settings = [
        ['--module', 'node16', '--moduleResolution', 'node16'],
        ['--module', 'esnext', '--moduleResolution', 'bundler'],
        // TypeScript deprecates node10, which is still the default of many projects.
        ['--module', 'commonjs', '--moduleResolution', 'node10', '--ignoreDeprecations', '6.0'],
    ];
    const tsc = [join(root, 'node_modules/typescript/bin/tsc'), '--noEmit', '--strict', '--target', 'es2022'];
    for (const setting of settings) {
        await project.node([...tsc, '--types', 'node', ...setting, 'consumer.ts']);
        console.log(`It compiles in strict mode with ${setting.join(' ')}.`);
    }
}

function names(list) {
    return list.split(' ');
}

function importsOf(exported, use) {
    return Object.entries(exported)
        .map(([path, names], i) => {
            const aliases = names.map(exportedName => [exportedName, `from${i}_${exportedName}`]);
            const specifiers = aliases.map(([exportedName, alias]) => `${exportedName} as ${alias}`).join(', ');
            const values = aliases.map(([, alias]) => alias).join(', ');
            return `import { ${specifiers} } from '${path}';\nfor (const value of [${values}]) { ${use} }\n`;
        })
        .join('');
}
