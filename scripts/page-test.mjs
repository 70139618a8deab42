// `npm run test:page`: drives the demo's live page in a real browser. Ends with 77 if there is no
// browser and it cannot install one.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isDebian } from './setup/debian.mjs';
import { lastLines, run, say, step } from './setup/say.mjs';

const LEFT_OUT = 77;
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

const browser = findBrowser() ?? (await installBrowser());
if (!browser) {
    say(
        'The page was not driven: there is no Chromium here. To get one: sudo apt-get install chromium, or set CHROMIUM',
    );
    process.exit(LEFT_OUT);
}
say(`Driving the page with ${browser}`);
const jest = ['node_modules/jest/bin/jest.js', '--config', 'test/browser/jest.config.js'];
const { status } = spawnSync(process.execPath, jest, { stdio: 'inherit', env: { ...process.env, CHROMIUM: browser } });
process.exit(status ?? 1);

function findBrowser() {
    if (process.env.CHROMIUM) return process.env.CHROMIUM;
    const directories = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
    const candidates = NAMES.flatMap(name => directories.map(directory => join(directory, name)));
    return [...candidates, MAC].find(isExecutable);
}

function isExecutable(path) {
    try {
        accessSync(path, constants.X_OK);
        return true;
    } catch {
        return false;
    }
}

/**
 * Installs a browser where apt asks no questions, that is as root on Debian. Ubuntu's package is a
 * snap, which does not start from here.
 */
async function installBrowser() {
    if (!isDebian() || process.getuid() !== 0) return undefined;
    const apt = (...args) =>
        run('apt-get', ['-o', 'Acquire::Retries=1', ...args], { env: { DEBIAN_FRONTEND: 'noninteractive' } });
    const install = () => apt('install', '--yes', '--no-install-recommends', 'chromium');
    const { isOk, output } = await step('Installing chromium with apt-get', async () => {
        const first = await install();
        if (first.isOk) return first;
        await apt('update');
        return install();
    });
    if (!isOk) say(lastLines(output, 6));
    return isOk ? findBrowser() : undefined;
}
