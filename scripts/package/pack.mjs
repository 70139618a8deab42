import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../setup/say.mjs';
import { execute, PackageFault, Project } from './Project.mjs';

/** Packs this checkout, and compares the tarball with the sources. Returns its path. */
export async function pack() {
    const { folder } = new Project('tarball');
    const output = await execute(root, 'npm', ['pack', '--json', '--silent', '--pack-destination', folder]);
    const [{ filename, files, size }] = JSON.parse(output);
    const found = files.map(file => file.path);
    const expected = expectedFiles();
    const missing = expected.filter(path => !found.includes(path));
    const surplus = found.filter(path => !expected.includes(path));
    if (missing.length + surplus.length > 0) {
        const list = paths => paths.join('\n  ') || '(nothing)';
        throw new PackageFault(
            `The tarball lacks\n  ${list(missing)}\nand carries what does not belong there (npm run clean?)\n  ${list(surplus)}`,
        );
    }
    console.log(`The tarball holds its ${found.length} files and no others, in ${Math.ceil(size / 1024)} KiB.`);
    return join(folder, filename);
}

/** Returns one .js and one .d.ts per source, so that the test finds outdated build results. */
function expectedFiles() {
    const built = (source, target) =>
        readdirSync(join(root, source), { recursive: true })
            .filter(file => file.endsWith('.ts'))
            .map(file => file.replace(/\.ts$/, ''))
            .flatMap(file => [`${target}/${file}.js`, `${target}/${file}.d.ts`]);
    const framework = readdirSync(join(root, 'packages')).flatMap(folder =>
        built(`packages/${folder}/src`, `dist/packages/${folder}/src`),
    );
    return ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json', ...built('src', 'dist'), ...framework];
}
