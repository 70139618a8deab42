import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import bugs from './bugs.cjs';

/**
 * Plants each bug in turn and prints a seed that finds it. Tries the recorded seed first, then all
 * seeds from 1 on. Records new seeds.
 * @example npm run simulate:planted -- [seeds] [part of a name]
 */
const [seeds = '40000', wanted = ''] = process.argv.slice(2);
const simulation = join(__dirname, '..');
const test = join(simulation, '..');
const record = join(__dirname, 'seeds.json');
const recorded = JSON.parse(readFileSync(record, 'utf8')) as Record<string, number>;

/** Returns the first of these seeds that finds the bug, or undefined. */
function search(name: string, from: number, count: string): number | undefined {
    const preloads = ['-r', join(test, 'support/register.cjs'), '-r', join(__dirname, 'plant.cjs')];
    const isOfMeta = bugs[name]!.some(({ file }) => file.includes('/meta/'));
    const protocol = isOfMeta ? ['--protocol', 'meta'] : [];
    const range = ['--seeds', count, '--from', String(from), '--workers', '1', '--until-failure', '--plain'];
    const { stdout, stderr } = spawnSync(
        process.execPath,
        [...preloads, join(simulation, 'simulate.ts'), ...range, ...protocol],
        { encoding: 'utf8', env: { ...process.env, PLANTED: name } },
    );
    process.stderr.write(stderr);
    const [, found] = /failed: (\d+)/.exec(stdout) ?? [];
    return found === undefined ? undefined : Number(found);
}

let missed = 0;
for (const name of Object.keys(bugs).filter(one => one.includes(wanted))) {
    const known = recorded[name];
    const found = (known === undefined ? undefined : search(name, known, '1')) ?? search(name, 1, seeds);
    if (found === undefined) missed++;
    else recorded[name] = found;
    process.stdout.write(`${String(found ?? 'not found').padStart(9)}  ${name}\n`);
}
const current = Object.keys(bugs).flatMap(name => (recorded[name] === undefined ? [] : [[name, recorded[name]]]));
writeFileSync(record, `${JSON.stringify(Object.fromEntries(current), null, 2)}\n`);
process.exitCode = missed === 0 ? 0 : 1;
