import { isBuilt, build } from './build.mjs';
import { alone } from './alone.mjs';
import { describeMemcached, findMemcached, installMemcached } from './memcached.mjs';
import { arePackagesInstalled, installPackages } from './packages.mjs';
import { failSoftly, say } from './say.mjs';

/** @param {{ build: boolean }} wanted */
export async function setup(wanted) {
    await failSoftly(async () => {
        if (!(await isComplete(wanted))) await alone(() => complete(wanted));
        say(`Set up: ${describeMemcached()}`);
    });
}

async function isComplete(wanted) {
    return arePackagesInstalled() && (!wanted.build || isBuilt()) && (await findMemcached());
}

/** Checks everything again, because another set-up may have finished meanwhile. */
async function complete(wanted) {
    if (!arePackagesInstalled()) await installPackages();
    if (wanted.build && !isBuilt()) await build();
    if (!(await findMemcached())) await installMemcached();
}
