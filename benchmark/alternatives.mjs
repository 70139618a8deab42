// Compares the package with clients, caches and locks on Redis (`npm run bench -- alternatives`).
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { stampede, waitForLock, waits } from './alternatives/bouts.mjs';
import { cases } from './alternatives/cases.mjs';
import { asksRedis, contendersFor } from './alternatives/contenders.mjs';
import { DATA, writeReport } from './alternatives/report.mjs';
import { stampedeTable, waitingTable } from './alternatives/tables.mjs';
import { withRatios } from './report/compare.mjs';
import { describeInLines, describeRun } from './report/machine.mjs';
import { caseTable } from './report/table.mjs';
import { runCase } from './rounds.mjs';
import { startMemcached } from './server/memcached.mjs';
import { hasRedis, startRedis } from './server/redis.mjs';

const RIVALS = [
    'ioredis',
    'redis',
    '@valkey/valkey-glide',
    'bentocache',
    'cacheable',
    '@keyv/redis',
    'redlock',
    'redis-semaphore',
];
const WHOLE = { rounds: 5, seconds: 0.6, warmup: 0.3, boutRounds: 4 };
const QUICK = { rounds: 2, seconds: 0.2, warmup: 0.1, boutRounds: 1 };
const NO_REDIS = `npm run bench -- alternatives: no redis-server on the PATH: expected one, of any version.
  Debian, Ubuntu:  sudo apt-get install redis-server
  macOS:           brew install redis
The benchmark starts and ends a server of its own. It uses no server that runs already.`;

const resultsFolder = fileURLToPath(new URL('./results', import.meta.url));
const { values } = parseArgs({
    options: { quick: { type: 'boolean' }, report: { type: 'boolean' }, out: { type: 'string' } },
});
const folder = values.out ?? (values.quick ? join(resultsFolder, 'scratch') : resultsFolder);

if (values.report) writeReport(JSON.parse(readFileSync(join(resultsFolder, DATA), 'utf8')), folder);
else if (hasRedis()) await measure(values.quick ? QUICK : WHOLE);
else {
    console.error(NO_REDIS);
    process.exitCode = 1;
}

async function measure({ rounds, seconds, warmup, boutRounds }) {
    process.once('SIGINT', () => process.exit(130));
    process.once('SIGTERM', () => process.exit(143));
    const servers = { memcached: await startMemcached(), redis: await startRedis() };
    const args = ['alternatives', ...(values.quick ? ['--quick'] : [])];
    const run = describeRun({ args, ...servers, rivals: RIVALS, rounds, seconds, warmup });
    console.log(describeInLines(run).join('\n'));
    const report = { run, results: [], waiting: [], stampede: undefined };
    try {
        for (const scenario of cases) {
            const contenders = contendersFor(scenario);
            const entries = await runCase({ scenario, contenders, servers, rounds, seconds, warmup });
            failOnWrongAnswers(scenario, entries);
            report.results.push({ scenario, entries: withRatios(scenario, entries, asksRedis) });
            console.log(`\n${caseTable(report.results.at(-1))}`);
        }
        for (const wait of waits) {
            report.waiting.push(await waitForLock(wait, { servers, rounds: boutRounds }));
            console.log(`\n${waitingTable(report.waiting.at(-1))}`);
        }
        report.stampede = await stampede({ servers, rounds: boutRounds * 2 });
        console.log(`\n${stampedeTable(report.stampede)}`);
        writeReport(report, folder);
        console.log(`\n${relative('.', folder)}/alternatives.json, .md and the charts`);
    } finally {
        await Promise.all(Object.values(servers).map(server => server.stop()));
    }
}

/** Figures of a contender that answers wrongly mean nothing, and neither do comparisons with it. */
function failOnWrongAnswers({ id }, entries) {
    const failures = entries.filter(({ failure }) => failure).map(({ label, failure }) => `${label}: ${failure}`);
    if (failures.length > 0) throw new Error(`${id} has no result: ${failures.join('; ')}`);
}
