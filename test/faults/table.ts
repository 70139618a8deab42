import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { testProtocol } from '../support/protocol';
import type { Report } from './runScenario';

const directory = resolve('node_modules/.cache/pip-services4-memcached');

/**
 * Prints one line for each scenario, and writes the reports to a file, such as `faults-auto.json`,
 * for the documentation.
 */
export function publish(reports: readonly Report[]): void {
    if (reports.length === 0) return;
    const head = [
        `scenario (protocol: ${testProtocol})`,
        'settled',
        'wrong',
        'late',
        'slowest/limit ms',
        'recovered after ms',
        'failed with',
    ];
    const rows = [head, ...reports.map(row)];
    const widths = head.map((_, column) => Math.max(...rows.map(cells => cells[column]?.length ?? 0)));
    const lines = rows.map(cells =>
        cells
            .map((cell, column) => cell.padEnd(widths[column] ?? 0))
            .join('  ')
            .trimEnd(),
    );
    process.stdout.write(`\n${lines.join('\n')}\n\n`);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, `faults-${testProtocol}.json`), JSON.stringify(reports, null, 2));
}

function row(report: Report): string[] {
    const codes = Object.entries(report.codes).map(([code, count]) => `${code} ${count}`);
    return [
        report.scenario,
        `${report.settled}/${report.calls}`,
        String(report.wrong.length),
        String(report.late),
        `${Math.round(report.slowestMs)}/${report.timeoutMs}`,
        String(Math.round(report.recoveredMs)),
        codes.join(', ') || '-',
    ];
}
