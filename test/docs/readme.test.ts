import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { ERROR_CODES } from 'pip-services4-memcached-node';
import { OPTIONS } from '../../src/connect/MemcachedOptions';
import { root } from '../support/root';

const path = join(root, 'README.md');
let readme = readFileSync(path, 'utf8');

/** Returns the text between `<!-- name -->` and `<!-- /name -->`. */
function section(name: string): string {
    const [, text] = new RegExp(`<!-- ${name} -->\\n([^]*?)<!-- /${name} -->`).exec(readme) ?? [];
    if (text === undefined) throw new Error(`README.md has no section ${name}`);
    return text;
}

const rowsOf = (table: string) =>
    table
        .trim()
        .split('\n')
        .slice(2)
        .map(row =>
            row
                .split('|')
                .slice(1, -1)
                .map(cell => cell.trim()),
        );

/** Compares the cells of a section with the generated table, or writes the table with UPDATE_README=1. */
function expectSection(name: string, text: string): void {
    const current = section(name);
    const cells = rowsOf(text);
    if (!process.env.UPDATE_README) expect(rowsOf(current)).toEqual(cells);
    if (JSON.stringify(rowsOf(current)) === JSON.stringify(cells)) return;
    const marked = (content: string) => `<!-- ${name} -->\n${content}<!-- /${name} -->`;
    readme = readme.replace(marked(current), () => marked(text));
    writeFileSync(path, readme);
}

it('lists the options of the code (UPDATE_README=1 writes all but their meanings)', () => {
    const meanings = new Map(rowsOf(section('options')).map(([option, meaning]) => [option, meaning]));
    const rows = Object.values(OPTIONS).map(({ key, allowed, default: value }) => {
        const meaning = meanings.get(`\`options.${key}\``);
        expect([key, meaning]).toEqual([key, expect.stringMatching(/./)]);
        return `| \`options.${key}\` | ${meaning} | ${value ?? 'by source'} | ${allowed} |`;
    });
    const table = ['| option | meaning | default | allowed |', '|---|---|---|---|', ...rows, ''].join('\n');
    expectSection('options', table);
});

it('shows the results of `npm run bench -- behaviour` (UPDATE_README=1 writes the table)', () => {
    const found = readFileSync(join(root, 'benchmark/results/behaviour.md'), 'utf8');
    const table = found.slice(found.indexOf('\n|') + 1);
    expectSection('behaviour', table);
    const ours = rowsOf(table).map(cells => cells[1]!);
    expect(ours.length).toBeGreaterThan(9);
    expect(ours.filter(cell => cell.startsWith('**'))).toEqual([]);
});

it('lists exactly the error codes of the sources, with their exceptions', () => {
    const codes = Object.entries(ERROR_CODES).map(([code, exception]) => `${code} ${exception}`);
    const written = rowsOf(section('errors')).map(([code, exception]) => `${code} ${exception}`.replaceAll('`', ''));
    expect(written.sort()).toEqual(codes.sort());
});

it('has a quick start of at most 10 lines of YAML and 22 of JavaScript', () => {
    const [, yaml] = /```yml\n([^]*?)```/.exec(readme)!;
    const [, script] = /```js\n([^]*?)```/.exec(readme)!;
    expect(yaml!.trim().split('\n').filter(Boolean).length).toBeLessThanOrEqual(10);
    expect(script!.trim().split('\n').length).toBeLessThanOrEqual(22);
    expect(load(yaml!)).toHaveLength(2);
});
