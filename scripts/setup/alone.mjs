import { createHash } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { root, say } from './say.mjs';

// The lock is not in node_modules, which `npm ci` removes.
const lock = join(
    tmpdir(),
    `pip-services4-memcached-${createHash('sha256').update(root).digest('hex').slice(0, 16)}.lock`,
);

/** Lets one set-up of this checkout run at a time. */
export async function alone(work) {
    for (let hasSaid = false; !take(); hasSaid = true) {
        if (!hasSaid) say('Waiting for another set-up of this folder …');
        await delay(200);
    }
    const release = () => rmSync(lock, { force: true });
    process.once('exit', release);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
    try {
        return await work();
    } finally {
        release();
    }
}

function take() {
    // A link makes the lock and the process id of its holder visible in one step.
    const mine = `${lock}.${process.pid}`;
    writeFileSync(mine, String(process.pid));
    try {
        linkSync(mine, lock);
        return true;
    } catch (error) {
        if (error.code !== 'EEXIST') throw error;
    } finally {
        rmSync(mine);
    }
    if (isHeld()) return false;
    rmSync(lock, { force: true });
    return take();
}

/** Returns whether a process holds the lock. A killed set-up leaves its lock behind. */
function isHeld() {
    try {
        process.kill(Number(readFileSync(lock, 'utf8')), 0);
        return true;
    } catch (error) {
        return error.code === 'EPERM';
    }
}
