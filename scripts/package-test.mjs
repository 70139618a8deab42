// Tests the package as users install it: its files, and projects outside this checkout that use it.
// It ends with 77 if the tools for some of the tests are unavailable.
import memcached from './memcached.cjs';
import { bundle } from './package/bundlers.mjs';
import { checkExports } from './package/exports.mjs';
import { lintPackage } from './package/linters.mjs';
import { installEverywhere } from './package/managers.mjs';
import { pack } from './package/pack.mjs';
import { PackageFault, Project } from './package/Project.mjs';
import { runQuickStart } from './package/quickStart.mjs';
import { registryUrl, whyOffline } from './setup/packages.mjs';

const LEFT_OUT = 77;
const service = 'test/package/service.mjs';

const server = await memcached.openMemcached();
try {
    const leftOut = await testPackage({
        MEMCACHED_SERVICE_HOST: server.host,
        MEMCACHED_SERVICE_PORT: String(server.port),
    });
    console.log(['The package is what it should be.', ...leftOut].join('\nNot tested here: '));
    if (leftOut.length > 0) process.exitCode = LEFT_OUT;
} catch (error) {
    if (!(error instanceof PackageFault)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = 1;
} finally {
    await server.end();
}

/** Tests the package. Returns the names of the tools that are unavailable. */
async function testPackage(env) {
    const tarball = await pack();
    const project = new Project('consumer');
    project.write('package.json', '{ "private": true }');
    await project.run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', tarball]);
    console.log('It installs into an empty folder.');
    await checkExports(project);
    await runQuickStart(project, env);

    const isLinted = await lintPackage(project, tarball);
    const isBundled = await bundle(project, project.copy(service), env);
    const isInstalled = !(await whyOffline()) && (await installEverywhere(tarball, service, env, await registryUrl()));
    return [!isLinted && 'publint and attw', !isBundled && 'bundlers', !isInstalled && 'package managers'].filter(
        Boolean,
    );
}
