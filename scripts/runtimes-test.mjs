// `npm run test:runtimes [-- name …]`: runs the tests on each supported Node, and the package on
// other runtimes. Ends with 77 if it cannot install a runtime and no other runtime fails.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import memcached from './memcached.cjs';
import { installRuntime } from './setup/runtimes.mjs';
import { lastLines, root, run, say } from './setup/say.mjs';

const LEFT_OUT = 77;
const nodePackage = `node-${process.platform}-${process.arch}`;
const node = version => ({
    name: 'Node',
    version,
    packageName: nodePackage,
    binary: `${nodePackage}/bin/node`,
    test: testSources,
});

const runtimes = [
    node('20.20.2'),
    node('22.23.3'),
    node('24.21.0'),
    node('26.10.0'),
    { name: 'Bun', version: '1.4.5', packageName: 'bun', binary: '.bin/bun', test: path => testPackage(path, 'run') },
    {
        name: 'Deno',
        version: '2.9.6',
        packageName: 'deno',
        binary: '.bin/deno',
        test: path => testPackage(path, 'run', '--allow-all'),
    },
];

const work = realpathSync(mkdtempSync(join(tmpdir(), 'runtimes-test-')));
const names = process.argv.slice(2).map(name => name.toLowerCase());
const rows = [];
try {
    for (const runtime of runtimes.filter(isWanted)) {
        const { name, version, test } = runtime;
        const path = await installRuntime(runtime);
        say(`\n=== ${name} ${version}`);
        const start = performance.now();
        const result = path === undefined ? 'not installed' : (await test(path)) ? 'passed' : 'FAILED';
        rows.push([name, version, result, ((performance.now() - start) / 1000).toFixed(1)]);
    }
} finally {
    rmSync(work, { recursive: true, force: true });
}
printTable([['runtime', 'version', 'result', 'seconds'], ...rows]);
const has = result => rows.some(row => row[2] === result);
process.exitCode = has('FAILED') || rows.length === 0 ? 1 : has('not installed') ? LEFT_OUT : 0;

/** Returns whether an argument names the runtime (`bun`, `24`), or there is no argument. */
function isWanted({ name, version }) {
    return names.length === 0 || names.some(wanted => name.toLowerCase() === wanted || version.startsWith(wanted));
}

/** Runs `npm test`. Processes that tests start find the same Node. */
function testSources(path) {
    const env = { ...process.env, PATH: [dirname(path), process.env.PATH].join(delimiter) };
    return succeeds(path, [join(root, 'node_modules/jest/bin/jest.js')], { cwd: root, env });
}

/** Runs the packed package in an empty project. The process must end by itself. */
async function testPackage(path, ...args) {
    const project = mkdtempSync(join(work, 'project-'));
    if (!(await installPackage(project))) return false;
    const server = await memcached.openMemcached();
    try {
        const { host, port } = server;
        const env = { ...process.env, MEMCACHED_SERVICE_HOST: host, MEMCACHED_SERVICE_PORT: String(port) };
        return succeeds(path, [...args, 'smoke.mjs'], { cwd: project, env, timeout: 60_000 });
    } finally {
        await server.end();
    }
}

async function installPackage(project) {
    writeFileSync(join(project, 'package.json'), '{ "private": true }');
    copyFileSync(join(root, 'test/runtimes/smoke.mjs'), join(project, 'smoke.mjs'));
    const pack = await run('npm', ['pack', '--json', '--silent', '--pack-destination', project]);
    const tarball = pack.isOk ? JSON.parse(pack.stdout)[0].filename : '';
    const npm = ['install', '--no-audit', '--no-fund', '--prefer-offline', join(project, tarball)];
    const { isOk, output } = pack.isOk ? await run('npm', npm, { cwd: project }) : pack;
    if (!isOk) say(`The package cannot be installed:\n${lastLines(output)}`);
    return isOk;
}

function succeeds(command, args, options) {
    const { status, error, signal } = spawnSync(command, args, { stdio: 'inherit', ...options });
    if (error ?? signal) say(`The process did not end by itself: ${error?.message ?? signal}`);
    return status === 0;
}

function printTable(table) {
    const widths = table[0].map((_, column) => Math.max(...table.map(row => row[column].length)));
    for (const row of table)
        console.log(
            row
                .map((cell, column) => cell.padEnd(widths[column]))
                .join(' | ')
                .trimEnd(),
        );
}
