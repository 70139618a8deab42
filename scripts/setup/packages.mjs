import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastLines, root, run, SetupError, step } from './say.mjs';

/**
 * npm writes `node_modules/.package-lock.json` as its last act. So when that lists what package-lock.json asks for, the
 * installation is neither old nor interrupted, whoever made it.
 */
export function arePackagesInstalled() {
    const wanted = readPackages('package-lock.json');
    const installed = readPackages('node_modules/.package-lock.json');
    if (!wanted || !installed) return false;
    return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
        if (!path.startsWith('node_modules/')) return true;
        const found = installed[path];
        return found ? found.version === version && found.integrity === integrity : optional;
    });
}

function readPackages(lockFile) {
    try {
        return JSON.parse(readFileSync(join(root, lockFile), 'utf8')).packages;
    } catch {
        return undefined;
    }
}

export async function installPackages() {
    // No scripts: no package here has any that matter, and ours (`prepare`) builds, which not every command needs.
    const npm = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', ...patience];
    const { isOk, output } = await step('Installing npm packages', () => runNpm(npm));
    if (isOk) return;
    throw new SetupError(isOffline(output) ? await offlineMessage(output) : `npm ci failed:\n${lastLines(output)}`);
}

/** npm's own waits for a minute before it says that there is no network. */
const patience = ['--fetch-retries=2', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=4000'];

/** The npm that called us, if one did. */
function runNpm(args) {
    const { npm_execpath: npm } = process.env;
    return npm?.endsWith('.js') ? run(process.execPath, [npm, ...args]) : run('npm', args);
}

function isOffline(output) {
    return /ENOTFOUND|ECONNREFUSED|ECONNRESET|EAI_AGAIN|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED/.test(output);
}

async function offlineMessage(output) {
    const registry = (await runNpm(['config', 'get', 'registry'])).stdout.trim();
    const reason = output
        .split('\n')
        .find(isOffline)
        ?.replace(/^npm (error|ERR!) */, '');
    return `The npm registry ${registry} cannot be reached (${reason}).
Next: connect to the network, or name a registry that can be reached (npm config set registry <url>); then run this again.`;
}
