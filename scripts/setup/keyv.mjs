import { copyFileSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import packages from '../../test/e2e/keyv/packages.cjs';
import { whyOffline } from './packages.mjs';
import { lastLines, root, run, say, step } from './say.mjs';

/** Installs Keyv and its friends for the end-to-end tests. Returns whether they are there. */
export async function installKeyv() {
    const { source, folder, areInstalled } = packages;
    if (!areInstalled()) {
        mkdirSync(folder, { recursive: true });
        for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(source, file), join(folder, file));
        const { isOk, output } = await step('Installing Keyv and the packages that build on it', async () => {
            // npm alone needs minutes to notice that there is no network.
            const network = (await whyOffline()) ? '--offline' : '--prefer-offline';
            const npm = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', network];
            return run('npm', npm, { cwd: folder, timeoutMs: 3 * 60_000 });
        });
        if (!isOk) {
            say(lastLines(output, 6));
            return false;
        }
    }
    // The programs in docs/keyv.md find this checkout under the name of the package.
    const link = join(folder, 'node_modules/pip-services4-memcached-node');
    if (!existsSync(link)) symlinkSync(root, link, 'dir');
    return true;
}
