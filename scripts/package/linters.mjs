import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importTool, installTools } from '../setup/tools.mjs';
import { PackageFault } from './Project.mjs';

/** Asks publint about the package, and attw about its types. Returns whether both are available. */
export async function lintPackage(project, tarball) {
    const tools = await installTools({ publint: '0.3.25', '@arethetypeswrong/core': '0.18.5' });
    if (!tools) return false;
    report('publint', await publint(tools, project));
    report('attw', await attw(tools, tarball));
    return true;
}

function report(linter, problems) {
    if (problems.length > 0) throw new PackageFault(`${linter} reports\n  ${problems.join('\n  ')}`);
    console.log(`${linter} reports nothing.`);
}

async function publint(tools, project) {
    const { publint } = await importTool(tools, 'publint');
    const { formatMessage } = await importTool(tools, 'publint/utils');
    const pkgDir = project.path('node_modules/pip-services4-memcached-node');
    const { messages } = await publint({ pkgDir, pack: false, level: 'suggestion', strict: true });
    const pkg = JSON.parse(readFileSync(join(pkgDir, 'package.json'), 'utf8'));
    return messages.map(message => formatMessage(message, pkg, { color: false }));
}

async function attw(tools, tarball) {
    const { checkPackage, createPackageFromTarballData } = await importTool(tools, '@arethetypeswrong/core');
    const { types, problems } = await checkPackage(createPackageFromTarballData(readFileSync(tarball)));
    return types ? problems.map(problem => JSON.stringify(problem)) : ['the package has no types'];
}
