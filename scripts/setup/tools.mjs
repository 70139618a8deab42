import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { whyOffline } from './packages.mjs';
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

/**
 * Installs the packages of a folder with a package.json and a lock file, and links this package
 * beside them. It does so outside the folder, unless they are there.
 * @returns {Promise<string | undefined>} their node_modules, undefined after a failure
 */
export async function installLocked(source) {
    const files = ['package.json', 'package-lock.json'];
    const hash = createHash('sha256');
    for (const file of files) hash.update(readFileSync(join(source, file)));
    const folder = join(cache, `${basename(source)}-${hash.digest('hex').slice(0, 16)}`);
    const modules = join(folder, 'node_modules');
    const { dependencies } = readManifest(source);
    if (!areInstalled(modules, Object.entries(dependencies))) {
        mkdirSync(folder, { recursive: true });
        for (const file of files) copyFileSync(join(source, file), join(folder, file));
        const { isOk, output } = await step(`Installing the packages of ${basename(source)}`, async () => {
            const cached = (await whyOffline()) ? '--offline' : '--prefer-offline';
            const npm = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', cached];
            return run('npm', npm, { cwd: folder, timeoutMs: 3 * 60_000 });
        });
        if (!isOk) {
            say(lastLines(output, 6));
            return undefined;
        }
    }
    const link = join(modules, readManifest(root).name);
    rmSync(link, { recursive: true, force: true });
    symlinkSync(root, link, 'junction');
    return modules;
}

function readManifest(folder) {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
}

/** Returns whether npm has installed the packages. It writes `.package-lock.json` last. */
function areInstalled(modules, wanted) {
    try {
        const { packages } = JSON.parse(readFileSync(join(modules, '.package-lock.json'), 'utf8'));
        // The version of an alias follows the name of its package.
        const versionOf = specifier => specifier.slice(specifier.lastIndexOf('@') + 1);
        return wanted.every(([name, wants]) => packages[`node_modules/${name}`]?.version === versionOf(wants));
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
