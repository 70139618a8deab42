import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastLines, root, run, SetupError, step } from './say.mjs';

/**
 * Returns whether the installation is complete and current. npm writes
 * `node_modules/.package-lock.json` last, so that file must match package-lock.json.
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
    await step('Installing npm packages', async () => {
        const reason = await whyOffline();
        // No package needs a script. `prepare` builds, which not every command needs.
        const npm = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', reason ? '--offline' : '--prefer-offline'];
        const { isOk, output } = await runNpm(npm);
        if (isOk) return;
        const online = `npm ci failed:\n${lastLines(output)}`;
        throw new SetupError(reason ? await offlineMessage(reason) : online);
    });
}

/** Returns why npm is offline. This check is faster than a failing `npm ci`. */
export async function whyOffline() {
    const { isOk, output } = await runNpm(['ping', '--fetch-retries=0', '--fetch-timeout=10000']);
    // A registry that answers but does not support ping is good enough.
    const codes = /ENOTFOUND|ECONNREFUSED|ECONNRESET|EAI_AGAIN|\w*TIMEOUT|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH/;
    return isOk ? undefined : codes.exec(output)?.[0];
}

async function offlineMessage(reason) {
    return `The npm registry ${await registryUrl()} cannot be reached (${reason}), and npm's cache has not all of the packages.
Next: connect to the network, or name a registry that can be reached (npm config set registry <url>); then run this again.`;
}

export async function registryUrl() {
    return (await runNpm(['config', 'get', 'registry'])).stdout.trim();
}

/** Runs the npm that runs this script, if any. */
function runNpm(args) {
    const { npm_execpath: npm } = process.env;
    return npm?.endsWith('.js') ? run(process.execPath, [npm, ...args]) : run('npm', args);
}
