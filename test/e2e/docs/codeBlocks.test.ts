import { allBlocks, exampleBlocks, fencedBlocks, fileOf, type CodeBlock } from '../../docs/markdown';
import { compileBlocks, isWhole } from './compileBlocks';
import { openComponents } from './openComponents';
import { runProgram } from './runProgram';
import { checkCommands } from './checkCommands';

/** The programs of this page need other packages. `test/e2e/keyv` runs them. */
const ELSEWHERE = 'docs/keyv.md';

const blocks = allBlocks().filter(block => block.file !== ELSEWHERE || !isWhole(block));
const of = (...kinds: string[]): CodeBlock[] => blocks.filter(({ kind }) => kinds.includes(kind));
const named = (list: CodeBlock[]): [string, CodeBlock][] => list.map(block => [`${block.file}:${block.line}`, block]);

/** The kinds of blocks. `text` is for diagrams, which the tests do not check. */
const KINDS = ['ts', 'js', 'yml', 'sh', 'text'];

const block = (code: string, kind = 'ts', file = 'a.md'): CodeBlock => ({ file, line: 7, kind, code });

/** The name, the code, and the beginning of the compiler's complaint. */
const mistakes: [string, string, RegExp][] = [
    ['a missing method', "await cache.fetch(context, 'key');", /:7 .*'fetch'/],
    ['a wrong type', "\nawait lock.withLock(context, 'key', { ttl: '1' }, () => {});", /:8 .*number/],
    ['an unknown name', 'await nobody.knows();', /:7 .*'nobody'/],
    [
        'a module that lacks an import',
        "import { MemcachedLock } from 'pip-services4-memcached-node';\nnew MemcachedCache();",
        /:8 .*'MemcachedCache'/,
    ],
    [
        'an import that does not exist',
        "import { Cache } from 'pip-services4-memcached-node';",
        /:7 .*no exported member 'Cache'/,
    ],
    ['a text that is not code', 'store(key, …)', /:7 Invalid character/],
];
/**
 * The problems of the documentation and the mistakes, from one compilation, because each takes
 * seconds.
 */
let problems: string[] | undefined;
function compiled(): string[] {
    const fragments = of('js').filter(one => !isWhole(one));
    const wrong = mistakes.map(([name, code]) => block(code, 'ts', name));
    return (problems ??= compileBlocks([...of('ts'), ...fragments, ...wrong]));
}

it('labels every block with its kind', () => {
    expect(blocks.length).toBeGreaterThan(10);
    const strange = blocks.filter(({ kind }) => !KINDS.includes(kind));
    expect(strange.map(({ file, line, kind }) => `${file}:${line} is "${kind}"`)).toEqual([]);
});

it('compiles TypeScript and fragments of JavaScript in strict mode', () => {
    const ofMistakes = mistakes.map(([name]) => `${name}:`);
    expect(compiled().filter(problem => !ofMistakes.some(name => problem.startsWith(name)))).toEqual([]);
});

const alone = of('ts', 'js').filter(block => isWhole(block) && fileOf(block) === null);
it.each(named(alone))('runs the program at %s to its end', async (_, block) => {
    expect(await runProgram(block)).toMatchObject({ code: 0, stderr: '' });
});

it.each(named(of('yml')))('configures and opens the components at %s', async (_, block) => {
    expect(await openComponents(block.code)).toEqual([]);
});

it.each(named(of('sh')))('finds the commands at %s', async (_, block) => {
    expect(await checkCommands(block.code)).toEqual([]);
});

describe('the check of the documentation', () => {
    it.each(mistakes)('finds %s', (name, _, words) => {
        const ofThis = compiled().filter(problem => problem.startsWith(name));
        expect(ofThis).toContainEqual(expect.stringMatching(words));
    });

    it('finds a program that fails or writes to stderr', async () => {
        expect(await runProgram(block("import 'node:fs';\nthrow new Error('no');", 'js'))).toMatchObject({ code: 1 });
        const talks = block("import 'node:fs';\nconsole.error('oh');", 'js');
        expect(await runProgram(talks)).toMatchObject({ stderr: 'oh\n' });
    });

    it('finds unknown options and invalid values', async () => {
        const component = (option: string): string =>
            `- descriptor: pip-services:cache:memcached:default:1.0\n  connection:\n    host: h\n  options:\n    ${option}\n`;
        expect(await openComponents(component('prefix: a'))).toEqual([]);
        expect(await openComponents(component('prefx: a'))).toEqual([expect.stringContaining('prefx')]);
        expect(await openComponents(component('retries: many'))).toEqual([expect.stringContaining('options.retries')]);
        expect(await openComponents('options:\n  prefx: a')).toEqual([expect.stringContaining('prefx')]);
        expect(await openComponents('- descriptor: pip-services:cash:memcached:default:1.0')).toEqual([
            expect.stringContaining('cash'),
        ]);
        expect(await openComponents('what: is this')).toEqual([expect.stringContaining('what')]);
    });

    it.each(['npm run nothing', 'node examples/nothing.mjs', 'memcached --nonsense', 'nonsense', 'npm tset'])(
        'finds the invalid command %s',
        async command => {
            expect(await checkCommands(command)).toHaveLength(1);
        },
    );

    it('finds an unclosed block, blocks in lists, and examples in comments', () => {
        expect(() => fencedBlocks('a.md', '```ts\ncode')).toThrow('a.md:2');
        expect(fencedBlocks('a.md', '- list\n\n  ```ts\n  if (a)\n    b();\n  ```\n')).toEqual([
            { file: 'a.md', line: 4, kind: 'ts', code: 'if (a)\n  b();' },
        ]);
        const comment = '/** A.\n * @example\n * one();\n *\n * two();\n * @throws no\n */\nclass A {}';
        expect(exampleBlocks('a.ts', comment)).toEqual([
            { file: 'a.ts', line: 3, kind: 'ts', code: 'one();\n\ntwo();' },
        ]);
    });
});
