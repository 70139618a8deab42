import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../support/root';
import { read } from './markdown';

export type Row = readonly string[];

/**
 * A page with tables between `<!-- name -->` and `<!-- /name -->`. The tests compare their cells
 * with the code. With UPDATE_DOCS=1 they write the cells.
 */
export class Page {
    text: string;

    constructor(readonly file: string) {
        this.text = read(file);
    }

    /** Returns the names of the sections that begin with this text. */
    sections(start: string): string[] {
        return [...this.text.matchAll(/<!-- ([\w-]+) -->/g)]
            .map(([, name]) => name!)
            .filter(name => name.startsWith(start));
    }

    section(name: string): string {
        const [, text] = new RegExp(`<!-- ${name} -->\\n([^]*?)<!-- /${name} -->`).exec(this.text) ?? [];
        if (text === undefined) throw new Error(`${this.file} has no section ${name}`);
        return text;
    }

    /** Returns the cells of the table in the section, without its head. */
    rows(name: string): Row[] {
        return rowsOf(this.section(name));
    }

    /** Compares or writes the cells of the table in the section. */
    expectRows(name: string, rows: readonly Row[]): void {
        const current = this.section(name);
        const isEqual = JSON.stringify(rowsOf(current)) === JSON.stringify(rows);
        if (!process.env.UPDATE_DOCS) expect(rowsOf(current)).toEqual(rows);
        if (isEqual) return;
        const [head, rule] = current.trim().split('\n');
        const table = [head, rule, ...rows.map(cells => `| ${cells.join(' | ')} |`)].join('\n');
        const start = `<!-- ${name} -->\n`;
        this.text = this.text.replace(start + current, () => `${start}\n${table}\n\n`);
        writeFileSync(join(root, this.file), this.text);
    }
}

export function rowsOf(table: string): Row[] {
    const rows = table.trim().split('\n').slice(2);
    return rows.map(row =>
        row
            .split('|')
            .slice(1, -1)
            .map(cell => cell.trim()),
    );
}

/** Returns the name in a cell, without its backquotes. */
export const nameIn = (cell: string | undefined): string => (cell ?? '').replaceAll('`', '');
