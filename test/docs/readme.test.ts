import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { load } from 'js-yaml';
import { describeOptions } from '../../src/connect/MemcachedOptions';

const root = resolve(__dirname, '../..');
const path = join(root, 'README.md');
let readme = readFileSync(path, 'utf8');

/** Between `<!-- name -->` and `<!-- /name -->`. */
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

/** Holds a section to what it is made of; UPDATE_README=1 writes it. */
function expectSection(name: string, text: string): void {
    const current = section(name);
    if (!process.env.UPDATE_README || current === text) {
        expect(current).toBe(text);
        return;
    }
    const marked = (content: string) => `<!-- ${name} -->\n${content}<!-- /${name} -->`;
    readme = readme.replace(marked(current), () => marked(text));
    writeFileSync(path, readme);
}

it('the table of options is that of the code (UPDATE_README=1 writes it)', () => {
    const rows = describeOptions().map(({ key, meaning, allowed, default: value }) => {
        return `| \`options.${key}\` | ${meaning} | ${value} | ${allowed} |`;
    });
    const table = ['| option | meaning | default | allowed |', '|---|---|---|---|', ...rows, ''].join('\n');
    expectSection('options', table);
});

it('the comparison is what `npm run bench -- behaviour` has found (UPDATE_README=1 writes it)', () => {
    const found = readFileSync(join(root, 'benchmark/results/behaviour.md'), 'utf8');
    const table = found.slice(found.indexOf('\n|') + 1);
    expectSection('behaviour', table);
    const ours = rowsOf(table).map(cells => cells[1]!);
    expect(ours.length).toBeGreaterThan(9);
    expect(ours.filter(cell => cell.startsWith('**'))).toEqual([]);
});

it('the table of errors has every code that the sources throw, with its exception, and no other', () => {
    const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
        .filter(file => file.endsWith('.ts'))
        .map(file => readFileSync(join(root, 'src', file), 'utf8'));
    const thrown = new Set<string>();
    for (const source of sources) {
        // One that is made in another way would escape this test.
        expect(source.match(/new \w+Exception\((?!\s*undefined,\s*('[A-Z_]+'|code,)).*/g)).toBeNull();
        for (const [, exception, code] of source.matchAll(/new (\w+Exception)\(\s*undefined,\s*'(\w+)'/g)) {
            thrown.add(`${code} ${exception}`);
        }
        for (const [, code] of source.matchAll(/connection\(\s*'(\w+)'/g)) thrown.add(`${code} ConnectionException`);
    }
    expect(thrown.size).toBeGreaterThan(15);
    const written = rowsOf(section('errors')).map(([code, exception]) => `${code} ${exception}`.replaceAll('`', ''));
    expect(written.sort()).toEqual([...thrown].sort());
});

it('the quick start is as short as it says', () => {
    const [, yaml] = /```yml\n([^]*?)```/.exec(readme)!;
    const [, script] = /```js\n([^]*?)```/.exec(readme)!;
    expect(yaml!.trim().split('\n').filter(Boolean).length).toBeLessThanOrEqual(10);
    expect(script!.trim().split('\n').length).toBeLessThanOrEqual(22);
    expect(load(yaml!)).toHaveLength(2);
});
