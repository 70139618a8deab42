import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastLines, root, run, say, step } from './say.mjs';

const cache = join(root, 'node_modules/.cache/pip-services4-memcached/runtimes');

/**
 * Installs a runtime from its npm package into its own folder, unless it is there.
 * @param {{ name: string, version: string, packageName: string, binary: string }} runtime
 * @returns {Promise<string | undefined>} the path of its binary, undefined after a failure
 */
export async function installRuntime({ name, version, packageName, binary }) {
    const folder = join(cache, `${name}-${version}`.toLowerCase());
    const path = join(folder, 'node_modules', binary);
    const isThere = async () => {
        if (!existsSync(path)) return false;
        const { isOk, stdout } = await run(path, ['--version']);
        return isOk && stdout.includes(version);
    };
    if (await isThere()) return path;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }');
    const { isOk, output } = await step(`Installing ${name} ${version}`, async () => {
        const npm = await run('npm', ['install', '--no-audit', '--no-fund', `${packageName}@${version}`], {
            cwd: folder,
            timeoutMs: 5 * 60_000,
        });
        return npm.isOk && !(await isThere()) ? { ...npm, isOk: false } : npm;
    });
    if (!isOk) say(lastLines(output, 6));
    return isOk ? path : undefined;
}
