import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lastLines, run } from './say.mjs';

/** Options for a network that is slow or missing. */
export const patience = ['-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=10'];

export class AptError extends Error {}

/**
 * Fills a folder from packages, without root rights. The folder appears complete or not at all.
 * @param {(draft: string, apt: string) => Promise<void>} work fills the draft. apt may use the
 *     other folder, which is temporary
 * @returns {Promise<{ failure?: string }>}
 */
export async function fill(folder, work) {
    const draft = `${folder}.${process.pid}`;
    const apt = `${draft}.apt`;
    const clean = () => [draft, apt].forEach(path => rmSync(path, { recursive: true, force: true }));
    clean();
    mkdirSync(draft, { recursive: true });
    mkdirSync(join(apt, 'lists/partial'), { recursive: true });
    try {
        await work(draft, apt);
        rmSync(folder, { recursive: true, force: true });
        renameSync(draft, folder);
        return {};
    } catch (error) {
        if (!(error instanceof AptError)) throw error;
        return { failure: error.message };
    } finally {
        clean();
    }
}

/** Returns the options with which apt works in this folder, without root rights. */
export function optionsFor(apt) {
    return [...patience, '-o', `Dir::Cache=${apt}`, '-o', 'APT::Sandbox::User='];
}

/** Returns the options, and the option for separate package lists. */
export function withOwnLists(apt, options) {
    return [...options, '-o', `Dir::State::Lists=${apt}/lists`];
}

export async function updateLists(options) {
    const { isOk, output } = await run('apt-get', [...options, 'update']);
    if (!isOk) throw new AptError(`apt-get update failed:\n${lastLines(output, 6)}`);
}

/** Downloads the packages to the folder `apt`, and unpacks them into the other one. */
export async function unpackInto(folder, packages, { apt, options }) {
    if (packages.length === 0) return;
    const { isOk, output } = await run('apt-get', [...options, 'download', ...packages], { cwd: apt });
    if (!isOk) throw new AptError(`apt-get download failed:\n${lastLines(output, 6)}`);
    for (const file of readdirSync(apt).filter(name => name.endsWith('.deb'))) {
        const unpack = await run('dpkg-deb', ['-x', join(apt, file), folder]);
        if (!unpack.isOk) throw new AptError(`${file} cannot be unpacked:\n${lastLines(unpack.output, 6)}`);
        rmSync(join(apt, file));
    }
}

/** Returns the libraries that these packages depend on. */
export async function librariesFor(packages, options) {
    const { stdout } = await run('apt-cache', [...options, 'depends', '--important', ...packages]);
    const names = [...stdout.matchAll(/Depends: (z?lib[^\s<>]+)/g)].map(([, name]) => name);
    return [...new Set(names)].filter(name => !packages.includes(name));
}

/** Returns the folders with the libraries, and with the plugins of SASL, in unpacked packages. */
export function libraryFolders(folder) {
    const files = readdirSync(folder, { recursive: true }).filter(name => /\.so(\.\d+)*$/.test(name));
    const folders = [...new Set(files.map(name => join(folder, dirname(name))))];
    const isPlugins = name => name.endsWith('/sasl2');
    return { libraries: folders.filter(name => !isPlugins(name)), plugins: folders.filter(isPlugins) };
}
