import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
    fill,
    librariesFor,
    libraryFolders,
    optionsFor,
    patience,
    unpackInto,
    updateLists,
    withOwnLists,
} from './apt.mjs';
import { lastLines, root, run, step } from './say.mjs';

const unpacked = join(root, 'node_modules/.cache/memcached');
/** The package that checks PLAIN passwords for SASL. memcached's packages only recommend it. */
const plainPlugin = 'libsasl2-modules';

export function isDebian() {
    return existsSync('/usr/bin/apt-get') && existsSync('/usr/bin/dpkg-deb');
}

/** Installs as root. Leaves no service running, because each command starts its own servers. */
export async function installWithApt() {
    // In runlevel 1 invoke-rc.d starts no services.
    const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    const apt = (...args) => run('apt-get', [...patience, '-o', 'DPkg::Lock::Timeout=120', ...args], { env });
    const install = () => apt('install', '--yes', '--no-install-recommends', 'memcached', plainPlugin);
    const { isOk, output } = await step('Installing memcached with apt-get', async () => {
        const first = await install();
        if (first.isOk) return first;
        await apt('update');
        return install();
    });
    if (isOk && existsSync('/run/systemd/system')) await run('systemctl', ['disable', '--now', 'memcached']);
    return isOk ? {} : { failure: `apt-get install failed:\n${lastLines(output, 6)}` };
}

/** Downloads the packages, and unpacks those that the system lacks. It needs no root rights. */
export function unpackWithApt() {
    return fill(unpacked, (draft, apt) => step('Downloading memcached with apt-get', () => download(draft, apt)));
}

/** Returns the memcached that `unpackWithApt` has unpacked, if any. */
export function findUnpacked() {
    const command = join(unpacked, 'usr/bin/memcached');
    return existsSync(command) ? { command, env: environmentOf(unpacked) } : undefined;
}

async function download(folder, apt) {
    const options = await readyApt(apt);
    await unpackInto(folder, ['memcached'], { apt, options });
    for (let parents = ['memcached']; await lacksLibraries(folder);) {
        const libraries = await missingLibraries(parents, options);
        if (libraries.length === 0) break;
        await unpackInto(folder, libraries, { apt, options });
        parents = libraries;
    }
    await unpackInto(folder, hasPlainPlugin() ? [] : [plainPlugin], { apt, options });
}

/** Returns the options of apt. It uses the system's package lists, or fetches lists of its own. */
async function readyApt(apt) {
    const options = optionsFor(apt);
    const { stdout } = await run('apt-cache', [...options, 'policy', 'memcached']);
    if (/Candidate: [^(]/.test(stdout)) return options;
    const ownLists = withOwnLists(apt, options);
    await updateLists(ownLists);
    return ownLists;
}

async function lacksLibraries(folder) {
    const { output } = await run('ldd', [join(folder, 'usr/bin/memcached')], { env: environmentOf(folder) });
    return output.includes('not found');
}

/** Returns the libraries that these packages depend on and the system lacks. */
async function missingLibraries(packages, options) {
    const missing = [];
    for (const name of await librariesFor(packages, options)) {
        const { stdout: status } = await run('dpkg-query', ['--show', '--showformat=${db:Status-Status}', name]);
        if (status !== 'installed') missing.push(name);
    }
    return missing;
}

/** Returns the environment in which an unpacked memcached finds its libraries. */
function environmentOf(folder) {
    const { libraries, plugins } = libraryFolders(folder);
    return {
        ...(libraries.length > 0 && { LD_LIBRARY_PATH: libraries.join(':') }),
        ...(plugins.length > 0 && { SASL_PATH: plugins.join(':') }),
    };
}

function hasPlainPlugin() {
    const directories = existsSync('/usr/lib') ? readdirSync('/usr/lib') : [];
    return ['', ...directories].some(name => existsSync(join('/usr/lib', name, 'sasl2/libplain.so')));
}
