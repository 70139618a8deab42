import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { lastLines, root, run, say, step } from './say.mjs';

const cache = join(root, 'node_modules/.cache/pip-services4-memcached/tools');

/**
 * Installs npm packages into a folder of their own, unless they are there.
 * @param {Record<string, string>} packages their exact versions
 * @returns {Promise<string | undefined>} their node_modules, undefined after a failure
 */
export async function installTools(packages) {
    const wanted = Object.entries(packages);
    const folder = join(cache, wanted.map(([name, version]) => `${name.replace('/', '+')}-${version}`).join(','));
    const modules = join(folder, 'node_modules');
    if (areInstalled(modules, wanted)) return modules;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }');
    const { isOk, output } = await step(`Installing ${Object.keys(packages).join(', ')}`, () => {
        const specifiers = wanted.map(([name, version]) => `${name}@${version}`);
        const npm = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', ...specifiers];
        return run('npm', npm, { cwd: folder, timeoutMs: 3 * 60_000 });
    });
    if (!isOk) say(lastLines(output, 6));
    return isOk ? modules : undefined;
}

/** Returns whether npm has installed the packages. It writes `.package-lock.json` last. */
function areInstalled(modules, wanted) {
    try {
        const { packages } = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8'));
        return wanted.every(([name, version]) => packages[`node_modules/${name}`]?.version === version);
    } catch {
        return false;
    }
}

/** Imports an installed package, CommonJS or not. */
export async function importTool(modules, name) {
    const { resolve } = createRequire(`${modules}/`);
    const loaded = await import(pathToFileURL(resolve(name)));
    return loaded.default ?? loaded;
}
