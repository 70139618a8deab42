import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { lastLines, root, run, SetupError, step } from './say.mjs';

const packages = readdirSync(join(root, 'packages')).map(name => `packages/${name}`);
const compiler = join(root, 'scripts/setup/compile.mjs');
const stamp = join(root, 'node_modules/.cache/pip-services4-memcached/build');

/** Returns whether the build is current. The compiler would notice too, but is slower. */
export function isBuilt() {
    return areOutputsThere() && existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint();
}

export async function build() {
    const built = fingerprint();
    // The compiler trusts its build info even without its results.
    const force = areOutputsThere() ? [] : ['--force'];
    const work = () => run(process.execPath, [compiler, ...force]);
    const { isOk, output } = await step('Building', work);
    if (!isOk) throw new SetupError(`The build failed:\n${lastLines(output, 40)}`);
    mkdirSync(dirname(stamp), { recursive: true });
    writeFileSync(stamp, built);
}

function areOutputsThere() {
    const folders = ['.', ...packages.map(name => `${name}/src`)];
    return folders.every(folder => existsSync(join(root, 'dist', folder, 'index.js')));
}

function fingerprint() {
    const files = ['.', ...packages].flatMap(project => [
        join(root, project, 'tsconfig.json'),
        ...filesUnder(join(root, project, 'src')),
    ]);
    const settings = [
        'package.json',
        'tsconfig.base.json',
        'tsconfig.build.json',
        'node_modules/typescript/package.json',
    ];
    const hash = createHash('sha256');
    for (const file of [compiler, ...files, ...settings.map(name => join(root, name))]) {
        const { mtimeMs, size } = statSync(file);
        hash.update(`${file} ${mtimeMs} ${size}\n`);
    }
    return hash.digest('hex');
}

function filesUnder(directory) {
    const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
    return entries
        .filter(entry => entry.isFile())
        .map(entry => join(entry.parentPath ?? entry.path, entry.name))
        .sort();
}
