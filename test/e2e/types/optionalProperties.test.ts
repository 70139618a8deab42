import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import * as ts from 'typescript';
import { root } from '../../support/root';

interface Manifest {
    readonly name: string;
    readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
}
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;

/** The declarations of each entry point, by the name under which a consumer imports it. */
const ENTRIES = Object.fromEntries(
    Object.entries(manifest.exports).flatMap(([path, target]) =>
        typeof target === 'string' ? [] : [[posix.join(manifest.name, path), join(root, target.types)]],
    ),
);

/** The strictest options of a consumer. */
const OPTIONS: ts.CompilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noImplicitOverride: true,
    noPropertyAccessFromIndexSignature: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts'],
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    types: ['node'],
    paths: Object.fromEntries(Object.entries(ENTRIES).map(([name, file]) => [name, [file]])),
};

/** Compiles a program of one file that is not on the disk, as an application would. */
function compile(text: string): { program: ts.Program; problems: string[] } {
    const file = join(root, 'consumer.ts');
    const host = ts.createCompilerHost(OPTIONS);
    const readSource = host.getSourceFile.bind(host);
    host.getSourceFile = (name, ...rest) =>
        name === file ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true) : readSource(name, ...rest);
    const program = ts.createProgram([file], OPTIONS, host);
    const source = program.getSourceFile(file)!;
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return { program, problems: found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')) };
}

interface ExportedInterface {
    readonly name: string;
    readonly parameterCount: number;
}

/** Returns the interfaces that an entry point exports. */
function exportedInterfaces(program: ts.Program, entry: string): ExportedInterface[] {
    const checker = program.getTypeChecker();
    const module = checker.getSymbolAtLocation(program.getSourceFile(entry)!)!;
    return checker.getExportsOfModule(module).flatMap(exported => {
        const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
        const declaration = symbol.declarations?.find(one => ts.isInterfaceDeclaration(one));
        if (declaration === undefined) return [];
        return { name: exported.name, parameterCount: declaration.typeParameters?.length ?? 0 };
    });
}

/** Returns the optional members in the declarations of the package that do not allow undefined. */
function strictMembers(program: ts.Program): string[] {
    const strict: string[] = [];
    const visit = (node: ts.Node): void => {
        if (ts.isTypeElement(node) || ts.isClassElement(node)) {
            const { questionToken, type } = node as ts.PropertySignature;
            if (questionToken !== undefined && !isPrivate(node) && !allowsUndefined(node, type)) {
                const { fileName, text } = node.getSourceFile();
                strict.push(`${fileName.slice(root.length)}: ${text.slice(node.getStart(), node.end)}`);
            }
        }
        ts.forEachChild(node, visit);
    };
    for (const file of program.getSourceFiles()) if (file.fileName.startsWith(join(root, 'dist/'))) visit(file);
    return strict;
}

function isPrivate(node: ts.Declaration): boolean {
    return (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private) !== 0;
}

function allowsUndefined(node: ts.Node, type: ts.TypeNode | undefined): boolean {
    if (ts.isMethodSignature(node) || ts.isMethodDeclaration(node) || type === undefined) return false;
    const kinds = (ts.isUnionTypeNode(type) ? [...type.types] : [type]).map(({ kind }) => kind);
    const wide = [ts.SyntaxKind.UndefinedKeyword, ts.SyntaxKind.UnknownKeyword, ts.SyntaxKind.AnyKeyword];
    return kinds.some(kind => wide.includes(kind));
}

const imports = Object.keys(ENTRIES).map((name, i) => `import type * as entry${i} from '${name}';\n`);
const { program, problems } = compile(imports.join(''));
const types = Object.values(ENTRIES).flatMap((file, i) =>
    exportedInterfaces(program, file).map(type => ({ ...type, entry: `entry${i}` })),
);

it('finds the interfaces of all entry points', () => {
    expect(problems).toEqual([]);
    const names = types.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['ClientOptions', 'LoadOptions', 'IOpenable']));
    expect(names.length).toBeGreaterThan(40);
});

it('declares every optional member of the package with undefined', () => {
    expect(strictMembers(program)).toEqual([]);
});

it('accepts undefined for every optional property of every exported interface', () => {
    const uses = types.map(({ entry, name, parameterCount }) => {
        const parameters = parameterCount === 0 ? '' : `<${Array(parameterCount).fill('any').join(', ')}>`;
        const type = `${entry}.${name}${parameters}`;
        return `export const ${entry}_${name}: Optional<${type}> = undefinedOf<${type}>();\n`;
    });
    const { problems } = compile(`${imports.join('')}
        type OptionalKeys<T> = keyof { [K in keyof T as {} extends Pick<T, K> ? K : never]: T[K] };
        type Optional<T> = T extends object ? Pick<T, OptionalKeys<T> & keyof T> : unknown;
        declare function undefinedOf<T>(): { [K in OptionalKeys<T>]: undefined };
        ${uses.join('')}
    `);
    expect(problems).toEqual([]);
});
