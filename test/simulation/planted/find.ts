import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import bugs from './bugs.cjs';

/**
 * Plants each bug in turn and prints the first seed that finds it.
 * @example npm run simulate:planted -- [seeds] [part of a name]
 */
const [seeds = '40000', wanted = ''] = process.argv.slice(2);
const simulation = join(__dirname, '..');
const test = join(simulation, '..');

let missed = 0;
for (const name of Object.keys(bugs).filter(one => one.includes(wanted))) {
    const preloads = ['-r', join(test, 'support/register.cjs'), '-r', join(__dirname, 'plant.cjs')];
    const isOfMeta = bugs[name]!.some(({ file }) => file.includes('/meta/'));
    const protocol = isOfMeta ? ['--protocol', 'meta'] : [];
    const options = ['--seeds', seeds, '--from', '1', '--workers', '1', '--until-failure', '--plain', ...protocol];
    const { stdout, stderr } = spawnSync(process.execPath, [...preloads, join(simulation, 'simulate.ts'), ...options], {
        encoding: 'utf8',
        env: { ...process.env, PLANTED: name },
    });
    const [, found] = /failed: (\d+)/.exec(stdout) ?? [];
    if (found === undefined) missed++;
    process.stdout.write(`${(found ?? 'not found').padStart(9)}  ${name}\n${found === undefined ? stderr : ''}`);
}
process.exitCode = missed === 0 ? 0 : 1;
