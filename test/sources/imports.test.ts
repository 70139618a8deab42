import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { preProcessFile } from 'typescript';
import { Linter } from 'eslint';
import tseslint from 'typescript-eslint';
import { importsPointDown } from '../../scripts/lint/importsPointDown.cjs';
import { root } from '../support/root';

const src = join(root, 'src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'));

/** Returns the files of `src` that a file imports, for values or for types. */
function importsOf(file: string): string[] {
    const { importedFiles } = preProcessFile(readFileSync(join(src, file), 'utf8'));
    const local = importedFiles.map(({ fileName }) => fileName).filter(name => name.startsWith('.'));
    return local.map(name => `${relative(src, join(src, dirname(file), name))}.ts`);
}

/** Returns the files of the first import cycle that `file` leads to, or []. */
function cycleFrom(file: string, graph: ReadonlyMap<string, string[]>, path: string[], done: Set<string>): string[] {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const next of graph.get(file) ?? []) {
        const cycle = cycleFrom(next, graph, [...path, file], done);
        if (cycle.length > 0) return cycle;
    }
    done.add(file);
    return [];
}

describe('an import in src', () => {
    it('belongs to no cycle, not even for types', () => {
        const graph = new Map(files.map(file => [file, importsOf(file)]));
        expect(graph.get('index.ts')!.length).toBeGreaterThan(10);
        const done = new Set<string>();
        expect(files.map(file => cycleFrom(file, graph, [], done)).filter(cycle => cycle.length > 0)).toEqual([]);
    });

    it('causes an error of the linter when it breaks the order of the folders', () => {
        const messages = lint('client/calls/Sample.ts', [
            `import { Cluster } from '../cluster/Cluster';`,
            `import type { Channel } from '../channel/Channel';`,
            `export { MemcachedClient } from '../../index';`,
            `import { connect } from 'node:net';`,
            `import type { Socket } from 'node:net';`,
            `import { MAX_TIMER_MS } from '../../util/timers';`,
        ]);
        expect(messages).toEqual([
            '1 client/calls may not import client/cluster',
            '2 client/calls may not import client/channel',
            '3 client/calls may not import src',
            '4 client/calls may not import node:net',
        ]);
        const opening = lint('lock/Sample.ts', [`import { connect, isIP } from 'node:net';`]);
        expect(opening).toEqual(['1 lock may not import connect of node:net']);
    });
});

describe('a folder of src', () => {
    it('has at most twelve files', () => {
        const folders = files.map(file => dirname(file));
        const crowded = [...new Set(folders)].filter(folder => folders.filter(one => one === folder).length > 12);
        expect(crowded).toEqual([]);
    });
});

/**
 * Returns the reports of the linter's rule for a file of `src` with these lines. A report is the
 * line number and the beginning of the message.
 */
function lint(file: string, lines: readonly string[]): string[] {
    const config = {
        files: ['**/*.ts'],
        languageOptions: { parser: tseslint.parser as Linter.Parser },
        plugins: { house: { rules: { 'imports-point-down': importsPointDown } } },
        rules: { 'house/imports-point-down': 'error' as const },
    };
    const messages = new Linter({ cwd: root }).verify(lines.join('\n'), config, join(src, file));
    return messages.map(({ line, message }) => `${line} ${message.split(': ')[0]}`);
}
