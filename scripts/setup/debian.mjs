import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lastLines, root, run, step } from './say.mjs';

const unpacked = join(root, 'node_modules/.cache/memcached');
/** The package that checks PLAIN passwords for SASL. memcached's packages only recommend it. */
const plainPlugin = 'libsasl2-modules';

export function isDebian() {
    return existsSync('/usr/bin/apt-get') && existsSync('/usr/bin/dpkg-deb');
}

/** Installs as root. Leaves no service running, because each command starts its own servers. */
export async function installWithApt() {
    const patience = ['-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=10', '-o', 'DPkg::Lock::Timeout=120'];
    // In runlevel 1 invoke-rc.d starts no services.
    const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    const apt = (...args) => run('apt-get', [...patience, ...args], { env });
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

/** Downloads the packages, and unpacks those that the system lacks. It needs no rights. */
export async function unpackWithApt() {
    const draft = `${unpacked}.${process.pid}`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(join(draft, 'apt/lists/partial'), { recursive: true });
    try {
        await step('Downloading memcached with apt-get', () => download(draft));
        rmSync(join(draft, 'apt'), { recursive: true });
        rmSync(unpacked, { recursive: true, force: true });
        renameSync(draft, unpacked);
        return {};
    } catch (error) {
        if (!(error instanceof AptError)) throw error;
        return { failure: error.message };
    } finally {
        rmSync(draft, { recursive: true, force: true });
    }
}

/** Returns the memcached that `unpackWithApt` has unpacked, if any. */
export function findUnpacked() {
    const command = join(unpacked, 'usr/bin/memcached');
    return existsSync(command) ? { command, env: librariesOf(unpacked) } : undefined;
}

class AptError extends Error {}

async function download(directory) {
    const apt = await readyApt(join(directory, 'apt'));
    await fetchInto(directory, ['memcached'], apt);

    const wanted = hasPlainPlugin() ? [] : [plainPlugin];
    for (let parents = ['memcached']; await lacksLibraries(directory);) {
        const libraries = await missingLibraries(parents, apt);
        if (libraries.length === 0) break;
        await fetchInto(directory, libraries, apt);
        parents = libraries;
    }
    await fetchInto(directory, wanted, apt);
}

/**
 * Returns the options with which apt works without rights. It uses the system's package lists if
 * they exist, and otherwise fetches them into the directory.
 */
async function readyApt(directory) {
    const patience = ['-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=10'];
    const options = [...patience, '-o', `Dir::Cache=${directory}`, '-o', 'APT::Sandbox::User='];
    const { stdout } = await run('apt-cache', [...options, 'policy', 'memcached']);
    if (/Candidate: [^(]/.test(stdout)) return options;

    const ownLists = [...options, '-o', `Dir::State::Lists=${directory}/lists`];
    const { isOk, output } = await run('apt-get', [...ownLists, 'update']);
    if (!isOk) throw new AptError(`apt-get update failed:\n${lastLines(output, 6)}`);
    return ownLists;
}

async function fetchInto(directory, packages, apt) {
    if (packages.length === 0) return;
    const cwd = join(directory, 'apt');
    const { isOk, output } = await run('apt-get', [...apt, 'download', ...packages], { cwd });
    if (!isOk) throw new AptError(`apt-get download failed:\n${lastLines(output, 6)}`);
    for (const file of readdirSync(cwd).filter(name => name.endsWith('.deb'))) {
        const unpack = await run('dpkg-deb', ['-x', join(cwd, file), directory]);
        if (!unpack.isOk) throw new AptError(`${file} cannot be unpacked:\n${lastLines(unpack.output, 6)}`);
        rmSync(join(cwd, file));
    }
}

async function lacksLibraries(directory) {
    const { output } = await run('ldd', [join(directory, 'usr/bin/memcached')], { env: librariesOf(directory) });
    return output.includes('not found');
}

/** Returns the libraries that these packages depend on and the system lacks. */
async function missingLibraries(packages, apt) {
    const { stdout } = await run('apt-cache', [...apt, 'depends', '--important', ...packages]);
    const names = [...stdout.matchAll(/Depends: (lib[^\s<>]+)/g)].map(([, name]) => name);
    const missing = [];
    for (const name of new Set(names)) {
        const { stdout: status } = await run('dpkg-query', ['--show', '--showformat=${db:Status-Status}', name]);
        if (status !== 'installed' && !packages.includes(name)) missing.push(name);
    }
    return missing;
}

/** Returns the environment in which an unpacked memcached finds its libraries. */
function librariesOf(directory) {
    const files = readdirSync(directory, { recursive: true }).filter(name => /\.so(\.\d+)*$/.test(name));
    const directories = [...new Set(files.map(name => join(directory, dirname(name))))];
    const plugins = directories.filter(name => name.endsWith('/sasl2'));
    const libraries = directories.filter(name => !name.endsWith('/sasl2'));
    return {
        ...(libraries.length > 0 && { LD_LIBRARY_PATH: libraries.join(':') }),
        ...(plugins.length > 0 && { SASL_PATH: plugins.join(':') }),
    };
}

function hasPlainPlugin() {
    const directories = existsSync('/usr/lib') ? readdirSync('/usr/lib') : [];
    return ['', ...directories].some(name => existsSync(join('/usr/lib', name, 'sasl2/libplain.so')));
}
