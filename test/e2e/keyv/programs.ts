import { join } from 'node:path';
import * as ts from 'typescript';
import { allBlocks, type CodeBlock } from '../../docs/markdown';
import { root } from '../../support/root';
import { isWhole } from '../docs/compileBlocks';
import { folder } from './packages.cjs';

const OPTIONS: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    // The declarations of a package for `import` and for `require` have different classes.
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    strict: true,
    exactOptionalPropertyTypes: true,
    allowJs: true,
    checkJs: true,
    noEmit: true,
    // The declarations of the packages need libraries of browsers.
    skipLibCheck: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    typeRoots: [join(root, 'node_modules/@types')],
    types: ['node'],
};

/** The programs of docs/keyv.md. */
export const programs = allBlocks().filter(block => block.file === 'docs/keyv.md' && isWhole(block));

/** Returns what the compiler says about the programs, beside the packages that they import. */
export function compile(blocks: readonly CodeBlock[]): string[] {
    const sources = new Map(blocks.map((block, i) => [join(folder, `program${i}.m${block.kind}`), block]));
    const host = ts.createCompilerHost(OPTIONS);
    const { fileExists, readFile } = host;
    Object.assign(host, {
        fileExists: (path: string) => sources.has(path) || fileExists(path),
        readFile: (path: string) => sources.get(path)?.code ?? readFile(path),
    });
    const program = ts.createProgram([...sources.keys()], OPTIONS, host);
    return [...sources].flatMap(([path, { file, line }]) =>
        ts.getPreEmitDiagnostics(program, program.getSourceFile(path)).map(({ start = 0, messageText }) => {
            const at = line + program.getSourceFile(path)!.getLineAndCharacterOfPosition(start).line;
            return `${file}:${at} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
        }),
    );
}

/** Returns the arguments of Node that run the program. */
export function argumentsFor({ kind, code }: CodeBlock): string[] {
    if (kind === 'js') return ['--input-type=module', '--eval', code];
    const module = ts.ModuleKind.CommonJS;
    const compilerOptions = { ...OPTIONS, module, noEmit: false, esModuleInterop: true };
    return ['--input-type=commonjs', '--eval', ts.transpileModule(code, { compilerOptions }).outputText];
}
