import { join } from 'node:path';
import * as ts from 'typescript';
import type { CodeBlock } from '../../docs/markdown';
import { root } from '../../support/root';

const PARAMETER_WITHOUT_TYPE = 7006;

/** The modules that provide the names that fragments do not declare. */
const modules = {
    'pip-services4-memcached-node/framework': 'src/framework.ts',
    'pip-services4-memcached-node/keyv': 'src/keyv.ts',
    'pip-services4-memcached-node': 'src/index.ts',
    './scene.js': 'test/e2e/docs/scene.ts',
    '../../support/server/MemcachedProcess.js': 'test/support/server/MemcachedProcess.ts',
};

/**
 * Compiles blocks in one program against the sources, and as strictly as the sources.
 *
 * A block that imports something is a whole module, and sees only its imports. Any other block is a
 * fragment. A fragment may also use public names of the package, of its `/framework` and of its
 * `/keyv`, and the names of `scene.ts`.
 */
export function compileBlocks(blocks: readonly CodeBlock[]): string[] {
    const options = readOptions();
    const imported = ts.createProgram(Object.values(modules).map(inProject), options);
    const places = findNames(imported);
    const sources = new Map(
        blocks.map((block, i) => [
            join(__dirname, `block${i}.${extensionOf(block)}`),
            { block, text: complete(block, places) },
        ]),
    );
    const host = hostOf(sources, imported);
    const program = ts.createProgram([...sources.keys()], options, host, imported);
    return [...sources].flatMap(([path, { block }]) => {
        const source = program.getSourceFile(path)!;
        const problems = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].filter(
            // JavaScript has no syntax for the type of a parameter.
            ({ code }) => block.kind === 'ts' || code !== PARAMETER_WITHOUT_TYPE,
        );
        return problems.map(({ start = 0, messageText }) => {
            const line = block.line + source.getLineAndCharacterOfPosition(start).line;
            return `${block.file}:${line} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
        });
    });
}

export function isWhole({ code }: CodeBlock): boolean {
    return /^import\s|\brequire\(/m.test(code);
}

export function isCommonJs({ code }: CodeBlock): boolean {
    return /\brequire\(/.test(code);
}

/**
 * Returns the extension of a block. A block without `require` is a module, which may await at the
 * top level.
 */
function extensionOf(block: CodeBlock): string {
    return `${isCommonJs(block) ? 'c' : 'm'}${block.kind}`;
}

const inProject = (file: string): string => join(root, file);

function readOptions(): ts.CompilerOptions {
    const { config } = ts.readConfigFile(inProject('tsconfig.json'), path => ts.sys.readFile(path)) as {
        config: object;
    };
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
    // A block may declare names without using them.
    return { ...options, noUnusedLocals: false, noUnusedParameters: false };
}

/** Returns the module of each name that a fragment may use. */
function findNames(program: ts.Program): Map<string, string> {
    const checker = program.getTypeChecker();
    const places = new Map<string, string>();
    for (const [name, file] of Object.entries(modules)) {
        const source = program.getSourceFile(inProject(file));
        if (source === undefined) throw new Error(`there is no ${file}`);
        const symbol = checker.getSymbolAtLocation(source)!;
        for (const exported of checker.getExportsOfModule(symbol)) places.set(exported.name, name);
    }
    return places;
}

/** Adds the missing imports before the first line of a fragment, which keeps the line numbers. */
function complete(block: CodeBlock, places: Map<string, string>): string {
    if (isWhole(block)) return block.code;
    const { used, declared } = namesIn(block.code);
    const imports = [...used]
        .filter(name => places.has(name) && !declared.has(name))
        .map(name => `import { ${name} } from '${places.get(name)}';`);
    return `${imports.join(' ')} export {}; ${block.code}`;
}

/**
 * Returns the used and the declared names. Inner declarations hide an import, so extra imports are
 * harmless.
 */
function namesIn(code: string): { used: Set<string>; declared: Set<string> } {
    const source = ts.createSourceFile('block.mts', code, ts.ScriptTarget.ES2022, true);
    const used = new Set<string>();
    const collect = (names: Set<string>, node: ts.Node): void => {
        if (ts.isIdentifier(node)) names.add(node.text);
        ts.forEachChild(node, child => collect(names, child));
    };
    collect(used, source);
    const declared = new Set<string>();
    for (const statement of source.statements) {
        const declarations = ts.isVariableStatement(statement) ? statement.declarationList.declarations : [statement];
        for (const { name } of declarations as readonly { name?: ts.Node }[]) if (name) collect(declared, name);
    }
    return { used, declared };
}

/** Adds sources without a file to a program whose files are already parsed. */
function hostOf(sources: Map<string, { text: string }>, parsed: ts.Program): ts.CompilerHost {
    const host = ts.createCompilerHost(parsed.getCompilerOptions());
    const { fileExists, readFile, getSourceFile } = host;
    return Object.assign(host, {
        fileExists: (path: string) => sources.has(path) || fileExists(path),
        readFile: (path: string) => sources.get(path)?.text ?? readFile(path),
        getSourceFile: (path: string, version: ts.ScriptTarget | ts.CreateSourceFileOptions, ...rest: []) => {
            const text = sources.get(path)?.text;
            return text === undefined
                ? (parsed.getSourceFile(path) ?? getSourceFile(path, version, ...rest))
                : ts.createSourceFile(path, text, version, true);
        },
    });
}
