// `npm run test:ecosystem [-- pattern …]`: runs the programs of the documentation that use other
// packages, and their tests. It ends with 77 if it cannot install these packages.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import memcached from './memcached.cjs';
import { root, say } from './setup/say.mjs';
import { installLocked } from './setup/tools.mjs';

const LEFT_OUT = 77;
const folder = join(root, 'test/ecosystem');
const patterns = process.argv.slice(2);

const modules = await installLocked(folder);
if (modules === undefined) {
    say('The programs of the documentation that use other packages were not run: the packages are not available.');
    process.exit(LEFT_OUT);
}
const servers = await Promise.all([memcached.startMemcached(), memcached.startMemcached()]);
// Programs find the packages in the folder above.
const project = mkdtempSync(join(dirname(modules), 'project-'));
try {
    const programs = writePrograms();
    const tests = copyTests();
    const untested = programs.filter(file => !tests.some(test => readFileSync(test, 'utf8').includes(`'./${file}'`)));
    if (untested.length > 0) throw new Error(`no test in test/ecosystem imports ${untested.join(', ')}`);
    process.exitCode = run(tests.filter(test => patterns.every(pattern => test.includes(pattern))));
} finally {
    await Promise.all(servers.map(server => server.end()));
    rmSync(project, { recursive: true, force: true });
}

/** Writes the blocks of the documentation that name a file. Returns the names. */
function writePrograms() {
    const require = createRequire(import.meta.url);
    require('../test/support/register.cjs');
    const { allBlocks, fileOf } = require('../test/docs/markdown.ts');
    return allBlocks().flatMap(block => {
        const file = fileOf(block);
        if (file === null) return [];
        writeFileSync(join(project, file), block.code);
        return [file];
    });
}

function copyTests() {
    const files = readdirSync(folder).filter(file => file.endsWith('.mjs'));
    for (const file of files) copyFileSync(join(folder, file), join(project, file));
    return files.filter(file => file.endsWith('.test.mjs')).map(file => join(project, file));
}

/** Runs the tests, each file in a process of its own. Returns the exit code. */
function run(tests) {
    const [{ host, port }] = servers;
    const env = {
        ...process.env,
        MEMCACHED_SERVICE_HOST: host,
        MEMCACHED_SERVICE_PORT: String(port),
        MEMCACHED_SERVERS: servers.map(one => `${one.host}:${one.port}`).join(),
    };
    const args = ['--test', '--test-concurrency=4', '--test-timeout=60000', '--test-reporter=spec', ...tests];
    const { status } = spawnSync(process.execPath, args, { cwd: project, env, stdio: 'inherit' });
    return status ?? 1;
}
