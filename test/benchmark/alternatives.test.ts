import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { read } from '../docs/markdown';
import { root } from '../support/root';
import { runNode } from '../support/runNode';

const FOLDER = 'benchmark/results';
const FILES = ['alternatives.md', 'alternatives-throughput.svg', 'alternatives-cpu.svg'];
const SECTION = /<!-- alternatives -->\n([^]*?)<!-- \/alternatives -->/;

/** Returns the summary in a document, or undefined if it has none. */
const summaryOf = (file: string) => SECTION.exec(read(file))?.[1];

/** Returns the cells of a table, without the width of its columns. */
const cellsOf = (table: string) =>
    table
        .trim()
        .split('\n')
        .map(row => row.split('|').map(cell => cell.trim().replace(/^-+(:?)$/, '-$1')));

it('shows the data of the run (npm run bench -- alternatives --report writes the files)', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'alternatives-'));
    try {
        const outcome = await runNode(['benchmark/alternatives.mjs', '--report', '--out', folder]);
        expect(outcome).toEqual({ code: 0, stdout: '', stderr: '' });
        for (const file of FILES) {
            expect(readFileSync(join(folder, file), 'utf8')).toBe(readFileSync(join(root, FOLDER, file), 'utf8'));
        }
    } finally {
        rmSync(folder, { recursive: true });
    }
});

it('has a summary of at most 10 rows, some of which a package on Redis wins', () => {
    const [, , ...rows] = cellsOf(summaryOf(`${FOLDER}/alternatives.md`)!);
    expect(rows.length).toBeLessThanOrEqual(10);
    const ratios = rows.map(cells => parseFloat(cells[4]!));
    expect(ratios.filter(ratio => ratio > 0).length).toBeGreaterThan(6);
    expect(ratios.filter(ratio => ratio < 1)).not.toHaveLength(0);
    expect(rows.at(-1)!.slice(2, 4)).toEqual(['no', 'yes']);
});

it('has the same summary in the README (UPDATE_DOCS=1 writes it)', () => {
    const summary = summaryOf(`${FOLDER}/alternatives.md`)!;
    const text = read('README.md');
    if (process.env.UPDATE_DOCS) {
        const section = `<!-- alternatives -->\n${summary}<!-- /alternatives -->`;
        writeFileSync(
            join(root, 'README.md'),
            text.replace(SECTION, () => section),
        );
    }
    expect(cellsOf(summaryOf('README.md')!)).toEqual(cellsOf(summary));
});
