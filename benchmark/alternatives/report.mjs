import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { drawCharts } from '../report/chart.mjs';
import { alternativesLook } from '../report/looks.mjs';
import { describeInLines } from '../report/machine.mjs';
import { caseTable, headedTables } from '../report/table.mjs';
import { summaryTable } from './summary.mjs';
import { stampedeTable, waitingTable } from './tables.mjs';

export const DATA = 'alternatives.json';

const offers = readFileSync(new URL('./offers.md', import.meta.url), 'utf8');

const tablesOf = ({ results, waiting, stampede }) => [
    ...results.map(caseTable),
    ...waiting.map(waitingTable),
    stampedeTable(stampede),
];

const markdown = report => `# This package and the packages on Redis

${describeInLines(report.run).join('  \n')}

How it measures: [benchmark/README.md](../README.md#alternatives).

<!-- alternatives -->

${summaryTable(report)}

<!-- /alternatives -->

Figures are calls per second and CPU of the client's process per call (per key for multi-get), ms
from the release of a lock, or calls of the loader. The last column is above 1 where this package
does better.

![Calls per second](alternatives-throughput.svg) ![CPU per call](alternatives-cpu.svg)

## What Redis offers that memcached does not

${offers}
## All cases

${headedTables(tablesOf(report))}
`;

/** Writes a report as data, tables and charts. */
export function writeReport(report, folder) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, DATA), `${JSON.stringify(report, null, 2)}\n`);
    writeFileSync(join(folder, 'alternatives.md'), markdown(report));
    for (const [name, svg] of Object.entries(drawCharts(report, alternativesLook))) {
        writeFileSync(join(folder, `alternatives-${name}.svg`), svg);
    }
}
