import { chmodSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import {
    AptError,
    fill,
    librariesFor,
    libraryFolders,
    optionsFor,
    unpackInto,
    updateLists,
    withOwnLists,
} from './apt.mjs';
import { isDebian } from './debian.mjs';
import { root, run, step } from './say.mjs';

/** The newest memcached, of Debian unstable, beside the installed one. `npm ci` removes it. */
const unpacked = join(root, 'node_modules/.cache/pip-services4-memcached/newest');
const command = join(unpacked, 'run-memcached');

const ROOTS = ['memcached', 'libsasl2-modules'];
const KEYRINGS = ['pgp', 'gpg'].map(type => `/usr/share/keyrings/debian-archive-keyring.${type}`);

/**
 * Unpacks the newest memcached with its libraries, unless it is there. Needs no root rights.
 * @returns {Promise<{ command?: string, version?: string, failure?: string }>}
 */
export async function provideNewest() {
    if (!existsSync(command)) {
        const { failure } = await unpackNewest();
        if (failure) return { failure };
    }
    const { isOk, output } = await run(command, ['-V']);
    const version = /memcached (\S+)/.exec(output)?.[1];
    return isOk && version ? { command, version } : { failure: `${command} does not run: ${output.trim()}` };
}

async function unpackNewest() {
    if (!isDebian()) return { failure: 'no apt-get: this needs Debian or Ubuntu' };
    const keyring = KEYRINGS.find(path => existsSync(path));
    if (!keyring) return { failure: 'no keys of Debian: sudo apt-get install debian-archive-keyring' };
    return fill(unpacked, (draft, apt) =>
        step('Downloading the newest memcached', async () => {
            const options = await readyApt(apt, keyring);
            await unpackInto(draft, await closure(ROOTS, options), { apt, options });
            writeCommand(draft);
        }),
    );
}

/** Returns the options for an apt that knows only Debian unstable, and nothing of this machine. */
async function readyApt(apt, keyring) {
    const sources = join(apt, 'sources.list');
    writeFileSync(sources, `deb [signed-by=${keyring}] ${await findMirror()} sid main\n`);
    const settings = {
        'Dir::Etc::SourceList': sources,
        'Dir::Etc::SourceParts': '/dev/null',
        'Dir::Etc::Preferences': '/dev/null',
        'Dir::Etc::PreferencesParts': '/dev/null',
        'Dir::State::Status': '/dev/null',
        'Acquire::Languages': 'none',
        // Otherwise apt only warns when it cannot fetch the lists.
        'APT::Update::Error-Mode': 'any',
    };
    const isolation = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    const options = withOwnLists(apt, [...optionsFor(apt), ...isolation]);
    await updateLists(options);
    return options;
}

/** Returns the mirror of Debian that this machine uses, or the public one. */
async function findMirror() {
    const filters = ['Created-By: Packages', 'Origin: Debian', 'Label: Debian'];
    const { stdout } = await run('apt-get', ['indextargets', '--format', '$(REPO_URI)', ...filters]);
    return stdout.split('\n')[0] || 'http://deb.debian.org/debian';
}

/** Returns the packages, and all libraries that they need, the C library included. */
async function closure(packages, options) {
    const all = [...packages];
    for (let parents = packages; parents.length > 0;) {
        parents = (await librariesFor(parents, options)).filter(name => !all.includes(name));
        all.push(...parents);
    }
    return all;
}

/** Writes the command, which uses the unpacked libraries. Those of the system are older. */
function writeCommand(folder) {
    const { libraries, plugins } = libraryFolders(folder);
    const inside = paths => paths.map(path => `$here/${relative(folder, path)}`).join(':');
    const loader = libraries
        .flatMap(path => readdirSync(path).map(name => join(path, name)))
        .find(path => /\/ld-linux[^/]*\.so\.\d+$/.test(path));
    if (!loader) throw new AptError('the package of the C library has no ld-linux');
    const lines = [
        '#!/bin/sh',
        'here=$(dirname "$0")',
        `export SASL_PATH="${inside(plugins)}"`,
        `exec "${inside([loader])}" --library-path "${inside(libraries)}" "$here/usr/bin/memcached" "$@"`,
    ];
    const path = join(folder, 'run-memcached');
    writeFileSync(path, `${lines.join('\n')}\n`);
    chmodSync(path, 0o755);
}
