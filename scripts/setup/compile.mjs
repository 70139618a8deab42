// Compiles `src` and `packages` into `dist`. No registry has the framework packages, so their names
// become relative paths in the output. `dist/packages` has the structure of `packages`, because the
// compiler resolves such a path from the source when another project reads declarations.
import { readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { root } from './say.mjs';

const packages = readdirSync(join(root, 'packages'));

const system = { ...ts.sys, writeFile: (path, text) => ts.sys.writeFile(path, withRelativeImports(path, text)) };
const host = ts.createSolutionBuilderHost(system);
const options = { force: process.argv.includes('--force') };
process.exitCode = ts.createSolutionBuilder(host, [join(root, 'tsconfig.build.json')], options).build();

function withRelativeImports(path, text) {
    return ts
        .preProcessFile(text, true, true)
        .importedFiles.filter(({ fileName }) => packages.includes(fileName))
        .reduceRight((result, { fileName, pos }) => {
            const start = pos + 1; // after the quotation mark
            const target = relative(dirname(path), join(root, 'dist/packages', fileName, 'src/index'));
            const specifier = target.startsWith('.') ? target : `./${target}`;
            return result.slice(0, start) + specifier + result.slice(start + fileName.length);
        }, text);
}
