import { load } from 'js-yaml';
import { OPTIONS } from '../../src/connect/MemcachedOptions';
import { fencedBlocks, read } from './markdown';
import { nameIn, Page, rowsOf } from './Page';

const page = new Page('README.md');

it('quotes rows of `npm run bench -- behaviour` (UPDATE_DOCS=1 writes their cells)', () => {
    const found = read('benchmark/results/behaviour.md');
    const measured = new Map(rowsOf(found.slice(found.indexOf('\n|') + 1)).map(row => [row[0], row]));
    const rows = page.rows('behaviour').map(([name]) => measured.get(name) ?? []);
    page.expectRows('behaviour', rows);
    expect(rows.length).toBeGreaterThanOrEqual(3);
    for (const [, ours] of rows) expect(ours).not.toMatch(/^\*\*/);
});

it('lists eight options with the defaults of the code', () => {
    const rows = page.rows('options');
    expect(rows).toHaveLength(8);
    const defaults = new Map(Object.values(OPTIONS).map(({ key, default: value }) => [`options.${key}`, value]));
    for (const [option, value] of rows) expect([option, value]).toEqual([option, String(defaults.get(nameIn(option)))]);
});

it('has at most 130 lines of content, 10 of YAML, and 15 in the quick start', () => {
    const blocks = fencedBlocks(page.file, page.text);
    const linesOf = (kind: string): string[] => blocks.find(block => block.kind === kind)!.code.split('\n');
    expect(linesOf('yml').filter(Boolean).length).toBeLessThanOrEqual(10);
    expect(linesOf('js').length).toBeLessThanOrEqual(15);
    expect(load(linesOf('yml').join('\n'))).toHaveLength(2);
    const lines = page.text.split('\n').filter(line => line && !line.startsWith('<!--'));
    expect(lines.length).toBeLessThanOrEqual(130);
});
