import { join } from 'node:path';
import { installTools } from '../setup/tools.mjs';
import { PackageFault, Project } from './Project.mjs';
import { openRegistry } from './registry.mjs';

/**
 * The package managers. Their caches stand beside the projects and are new in each run. An older
 * cache may hold another tarball of this version.
 */
const managers = [
    {
        title: 'npm',
        install: ['install', '--no-audit', '--no-fund'],
    },
    {
        title: 'pnpm 10',
        packages: { pnpm: '10.34.8' },
        program: 'pnpm/bin/pnpm.cjs',
        install: ['install', '--store-dir', '../pnpm-store', '--cache-dir', '../pnpm-cache'],
    },
    {
        title: 'Yarn 1',
        packages: { yarn: '1.22.22' },
        program: 'yarn/bin/yarn.js',
        install: ['install', '--cache-folder', '../yarn1-cache'],
    },
    yarn4('Yarn 4 with node_modules', { YARN_NODE_LINKER: 'node-modules' }),
    {
        ...yarn4('Yarn 4 with PnP', { YARN_NODE_LINKER: 'pnp', YARN_PNP_ENABLE_ESM_LOADER: 'true' }),
        // Node finds packages only if Yarn starts it.
        node: ['node'],
    },
];

function yarn4(title, env) {
    const always = {
        YARN_GLOBAL_FOLDER: '../yarn4-global',
        YARN_ENABLE_TELEMETRY: 'false',
        YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
        // The default is true in CI.
        YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
    };
    return {
        title,
        packages: { '@yarnpkg/cli-dist': '4.18.1' },
        program: '@yarnpkg/cli-dist/bin/yarn.js',
        install: ['install'],
        env: { ...always, ...env },
    };
}

/**
 * Installs the package with each package manager, from the tarball and from a registry, and runs
 * the service with it. Returns whether all of them are available.
 */
export async function installEverywhere(tarball, service, env, upstream) {
    const found = [];
    for (const manager of managers) {
        const command = await commandOf(manager);
        if (command) found.push({ ...manager, command });
    }
    const registry = await openRegistry(tarball, upstream);
    const sources = [
        { title: 'the tarball', specifier: `file:${tarball}`, url: upstream },
        { title: 'a registry', specifier: registry.version, url: registry.url },
    ];
    const installOne = async manager => {
        for (const source of sources) await installAndRun(manager, source, service, env);
    };
    try {
        const results = await Promise.allSettled(found.map(installOne));
        const reasons = results.filter(({ status }) => status === 'rejected').map(({ reason }) => reason);
        const bug = reasons.find(reason => !(reason instanceof PackageFault));
        if (bug) throw bug;
        if (reasons.length > 0) throw new PackageFault(reasons.map(({ message }) => message).join('\n\n'));
    } finally {
        registry.close();
    }
    return found.length === managers.length;
}

/** Returns the command of a package manager and its first arguments, undefined without it. */
async function commandOf({ title, packages, program }) {
    if (packages === undefined) return [title];
    const modules = await installTools(packages);
    return modules && [process.execPath, join(modules, program)];
}

async function installAndRun({ title, command: [command, ...first], install, node, env }, source, service, serverEnv) {
    const project = new Project(`${title} ${source.title}`.replaceAll(' ', '-').toLowerCase());
    const dependencies = { 'pip-services4-memcached-node': source.specifier };
    project.write('package.json', JSON.stringify({ private: true, dependencies }));
    // Without this file, Yarn 4 takes a folder above for the project.
    project.write('yarn.lock', '');
    const registry = { npm_config_registry: source.url, YARN_NPM_REGISTRY_SERVER: source.url };
    await project.run(command, [...first, ...install], { ...registry, ...env });

    const script = project.copy(service);
    const [program, args] = node ? [command, [...first, ...node]] : [process.execPath, []];
    const said = await project.run(program, [...args, script], { ...env, ...serverEnv });
    if (said !== 'served\n') throw new PackageFault(`The service of ${project.folder} said\n${said}`);
    console.log(`${title} installs it from ${source.title}.`);
}
