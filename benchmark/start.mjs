import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The start of `npm run bench` after the set-up. The script installs missing rivals, and then
 * starts the benchmark.
 */
const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('..', import.meta.url));

function run(command, args, cwd) {
    const { status, signal, error } = spawnSync(command, args, { cwd, stdio: 'inherit' });
    if (error) throw error;
    if (status !== 0) process.exit(status ?? (signal ? 1 : 0));
}

const tools = {
    memory: ['--expose-gc', 'memory.mjs'],
    handover: ['handover.mjs'],
    fleet: ['fleet.mjs'],
    calibrate: ['calibrate.mjs'],
    behaviour: ['behaviour.mjs'],
    alternatives: ['alternatives.mjs'],
};
const [first, ...rest] = process.argv.slice(2);
const isTool = first !== undefined && Object.hasOwn(tools, first);

const installed = `${here}node_modules/.package-lock.json`;
const isInstalled =
    existsSync(installed) && statSync(installed).mtimeMs >= statSync(`${here}package-lock.json`).mtimeMs;
if (!isInstalled) run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], here);

const [script, args] = isTool ? [tools[first], rest] : [['run.mjs'], process.argv.slice(2)];
run(process.execPath, [...script.slice(0, -1), here + script.at(-1), ...args], root);
