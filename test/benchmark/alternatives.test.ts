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

it('has a summary of at most 13 rows, some of which a package on Redis wins', () => {
    const [, , ...rows] = cellsOf(summaryOf(`${FOLDER}/alternatives.md`)!);
    expect(rows.length).toBeGreaterThan(9);
    expect(rows.length).toBeLessThan(14);
    expect(rows.filter(cells => parseFloat(cells[4]!) < 1)).not.toHaveLength(0);
});

it('has the same summary in the README, if the README has one (UPDATE_README=1 writes it)', () => {
    const summary = summaryOf(`${FOLDER}/alternatives.md`)!;
    const copied = summaryOf('README.md');
    if (copied === undefined) return;
    if (!process.env.UPDATE_README) expect(cellsOf(copied)).toEqual(cellsOf(summary));
    else
        writeFileSync(
            join(root, 'README.md'),
            read('README.md').replace(copied, () => summary),
        );
});
