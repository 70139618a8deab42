import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { contendersFor, rivals } from './contenders/index.mjs';
import { optionsOrExit } from './options.mjs';
import { drawCharts } from './report/chart.mjs';
import { clientsLook } from './report/looks.mjs';
import { withRatios } from './report/compare.mjs';
import { describeInLines, describeRun } from './report/machine.mjs';
import { caseTable, headedTables } from './report/table.mjs';
import { runCase } from './rounds.mjs';
import { startMemcached } from './server/memcached.mjs';

const args = process.argv.slice(2);
const options = optionsOrExit(args);

const { rounds, seconds, warmup } = options;
const server = await startMemcached();
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

/** The server that listens with TLS and with plain text, for the case that compares both. */
let secureServer;
const serverOf = async ({ isOfTls }) => (isOfTls ? (secureServer ??= await startMemcached({ isTls: true })) : server);

const run = describeRun({ args, memcached: server, rounds, seconds, warmup });
const results = [];
console.log(describeInLines(run).join('\n'));
try {
    for (const scenario of options.cases) {
        const contenders = (await contendersFor(scenario)).filter(({ kind }) => options.isWanted(kind));
        const servers = { memcached: await serverOf(scenario) };
        const entries = await runCase({ scenario, contenders, servers, rounds, seconds, warmup });
        const present = entries.filter(entry => entry.failure !== 'not built');
        results.push({ scenario, entries: withRatios(scenario, present, ({ id }) => rivals.includes(id)) });
        console.log(`\n${caseTable(results.at(-1))}`);
        if (present.length < entries.length) console.log('ours: not built');
    }
} finally {
    await secureServer?.stop();
    await server.stop();
}

// A partial run never replaces the full run that the README quotes.
const resultsFolder = fileURLToPath(new URL('./results', import.meta.url));
const folder = options.out ?? (options.isPartial ? join(resultsFolder, 'scratch') : resultsFolder);
mkdirSync(folder, { recursive: true });
const report = { run, results };
writeFileSync(join(folder, 'latest.json'), JSON.stringify(report, null, 2) + '\n');
for (const [name, svg] of Object.entries(drawCharts(report, clientsLook)))
    writeFileSync(join(folder, `${name}.svg`), svg);
writeFileSync(
    join(folder, 'latest.md'),
    `${describeInLines(run).join('  \n')}\n\n${headedTables(results.map(caseTable))}\n`,
);
console.log(`\n${relative('.', folder)}/latest.json, latest.md and the charts`);

const failures = results.flatMap(({ scenario, entries }) =>
    entries
        .filter(entry => /^(ours|cache|lock)/.test(entry.id) && entry.failure)
        .map(entry => `${scenario.id}: ${entry.failure}`),
);
if (failures.length > 0) {
    console.error(`ours failed in ${failures.join('; ')}`);
    process.exitCode = 1;
}
