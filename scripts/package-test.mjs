// Tests the package as users install it. It checks the list of files, and a project outside this
// checkout that uses them.
import { spawnSync } from 'node:child_process';
import {
    cpSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    realpathSync,
    rmSync,
    writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import memcached from './memcached.cjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const name = 'pip-services4-memcached-node';
const frameworkPackages = ['components', 'config', 'logic'].map(part => `pip-services4-${part}-node`);

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
};

class PackageFault extends Error {}

const work = realpathSync(mkdtempSync(join(tmpdir(), 'package-test-')));
const consumer = join(work, 'consumer');
try {
    const tarball = pack();
    install(tarball);
    const exported = loadWithRequire();
    importByName(exported);
    compile(exported);
    await quickStart();
    console.log('The package is complete.');
} catch (error) {
    if (!(error instanceof PackageFault)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = 1;
} finally {
    rmSync(work, { recursive: true, force: true });
}

function pack() {
    const [{ filename, files }] = JSON.parse(npm(root, 'pack', '--json', '--silent', '--pack-destination', work));
    const found = files.map(file => file.path).sort();
    const expected = expectedFiles();
    const missing = expected.filter(path => !found.includes(path));
    const surplus = found.filter(
        path => !expected.includes(path) && !/^node_modules\/[^/]+\/(README|LICENSE)/.test(path),
    );
    if (missing.length + surplus.length > 0) {
        const list = paths => paths.join('\n  ') || '(nothing)';
        throw new PackageFault(
            `The tarball lacks\n  ${list(missing)}\nand carries what does not belong there (npm run clean?)\n  ${list(surplus)}`,
        );
    }
    console.log(`The tarball holds its ${found.length} files and no others.`);
    return join(work, filename);
}

/** Returns one .js and one .d.ts per source, so that the test finds outdated build results. */
function expectedFiles() {
    const built = (source, target) =>
        readdirSync(join(root, source), { recursive: true })
            .filter(file => file.endsWith('.ts'))
            .map(file => file.replace(/\.ts$/, ''))
            .flatMap(file => [`${target}/${file}.js`, `${target}/${file}.d.ts`]);
    const bundled = frameworkPackages.flatMap(framework => [
        `node_modules/${framework}/package.json`,
        ...built(`packages/${framework}/src`, `node_modules/${framework}/dist`),
    ]);
    return ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json', ...built('src', 'dist'), ...bundled];
}

function install(tarball) {
    mkdirSync(consumer);
    write('package.json', JSON.stringify({ name: 'consumer', private: true }));
    npm(consumer, 'install', '--no-audit', '--no-fund', '--prefer-offline', tarball);
    console.log('The package installs into an empty folder.');
}

/** @returns {Record<string, string[]>} the names that each path exports */
function loadWithRequire() {
    const paths = JSON.stringify(Object.keys(required));
    write('list.cjs', `console.log(JSON.stringify(${paths}.map(path => [path, Object.keys(require(path))])));`);
    const exported = Object.fromEntries(JSON.parse(node(consumer, 'list.cjs')));
    for (const [path, names] of Object.entries(required)) {
        const missing = names.filter(wanted => !exported[path].includes(wanted));
        if (missing.length > 0) throw new PackageFault(`${path} does not export ${missing.join(', ')}`);
        console.log(`require('${path}') gives ${exported[path].length} names.`);
    }
    return exported;
}

function importByName(exported) {
    write('import.mjs', importsOf(exported, 'if (value === undefined) throw new Error("undefined");'));
    node(consumer, 'import.mjs');
    console.log('An ES module can import each of them by name.');
}

/** Compiles as strictly as a consumer can, which also checks the package's own declarations. */
function compile(exported) {
    // Every Node project in TypeScript has these types. A copy hides this checkout from the
    // project.
    for (const types of ['@types/node', 'undici-types']) {
        cpSync(join(root, 'node_modules', types), join(consumer, 'node_modules', types), { recursive: true });
    }
    write('consumer.ts', importsOf(exported, 'void value;'));
    const settings = [
        ['--module', 'node16', '--moduleResolution', 'node16'],
        ['--module', 'esnext', '--moduleResolution', 'bundler'],
        // `node10` is deprecated, and still the default of many projects.
        ['--module', 'commonjs', '--moduleResolution', 'node10', '--ignoreDeprecations', '6.0'],
    ];
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    for (const setting of settings) {
        node(consumer, tsc, '--noEmit', '--strict', '--target', 'es2022', '--types', 'node', ...setting, 'consumer.ts');
        console.log(`It compiles in strict mode with ${setting.join(' ')}.`);
    }
}

/** Runs the README's script for new users, word for word. */
async function quickStart() {
    const readme = readFileSync(join(consumer, 'node_modules', name, 'README.md'), 'utf8');
    const [, script] = /```js\n([^]*?)```/.exec(readme) ?? [];
    if (script === undefined) throw new PackageFault('The README has no quick start.');
    write('quick-start.mjs', script);
    const server = await memcached.openMemcached();
    try {
        const { host, port } = server;
        const env = { ...process.env, MEMCACHED_SERVICE_HOST: host, MEMCACHED_SERVICE_PORT: String(port) };
        const said = execute(consumer, process.execPath, ['quick-start.mjs'], env);
        const expected = "from the cache { id: 42, name: 'Ann' }\nremoved { id: 42, name: 'Ann' }\n";
        if (said !== expected) throw new PackageFault(`The quick start of the README said\n${said}`);
    } finally {
        await server.end();
    }
    console.log('The quick start of the README works.');
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

function write(file, text) {
    writeFileSync(join(consumer, file), text);
}

function npm(cwd, ...args) {
    return execute(cwd, 'npm', args);
}

function node(cwd, ...args) {
    return execute(cwd, process.execPath, args);
}

function execute(cwd, command, args, env = process.env) {
    const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: 'utf8' });
    if (status === 0) return stdout;
    throw new PackageFault(`${command} ${args.join(' ')}\n${stdout}${stderr}${error?.message ?? ''}`);
}
