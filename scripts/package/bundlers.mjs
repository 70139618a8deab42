import { importTool, installTools } from '../setup/tools.mjs';
import { PackageFault, Project } from './Project.mjs';

const versions = {
    esbuild: '0.28.2',
    rollup: '4.68.5',
    '@rollup/plugin-commonjs': '29.0.3',
    '@rollup/plugin-json': '6.1.0',
    '@rollup/plugin-node-resolve': '16.0.3',
};

/** Bundles the service and runs the bundles. Returns whether the bundlers are available. */
export async function bundle(project, service, env) {
    const tools = await installTools(versions);
    if (!tools) return false;
    // This folder has no node_modules, so the bundles must be complete.
    const bundles = new Project('bundles');
    const input = project.path(service);
    const bundlers = {
        esbuild: file => esbuild(tools, input, `${file}.cjs`),
        'esbuild --minify': file => esbuild(tools, input, `${file}.cjs`, { minify: true }),
        rollup: file => rollup(tools, input, `${file}.mjs`),
    };
    for (const [name, make] of Object.entries(bundlers)) {
        const file = await make(bundles.path(name.replace(' ', ''))).catch(error => {
            throw new PackageFault(`${name} cannot bundle the service:\n${error.message}`);
        });
        const said = await bundles.node([file], env);
        if (said !== 'served\n') throw new PackageFault(`The bundle of ${name} said\n${said}`);
        console.log(`It can be bundled with ${name}.`);
    }
    return true;
}

async function esbuild(tools, input, file, options = {}) {
    const { build } = await importTool(tools, 'esbuild');
    await build({
        entryPoints: [input],
        outfile: file,
        bundle: true,
        platform: 'node',
        logLevel: 'silent',
        ...options,
    });
    return file;
}

async function rollup(tools, input, file) {
    const { rollup } = await importTool(tools, 'rollup');
    const names = Object.keys(versions).filter(name => name.startsWith('@rollup/'));
    const plugins = await Promise.all(
        names.map(async name => (await importTool(tools, name))({ preferBuiltins: true })),
    );
    const bundle = await rollup({ input, plugins, logLevel: 'silent' });
    await bundle.write({ file, format: 'es' });
    await bundle.close();
    return file;
}
