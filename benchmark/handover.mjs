// Measures how 200 callers wait for one lock (`npm run bench -- handover`). Writes the table that
// docs/locks.md quotes.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { medianSum, runBouts } from './bouts.mjs';
import { locks } from './handover/locks.mjs';
import { describeRun } from './report/machine.mjs';
import { median } from './rounds.mjs';
import { startMemcached } from './server/memcached.mjs';
import { hasRedis, startRedis } from './server/redis.mjs';

const WAITERS = 200;
const ROUNDS = 5;
const script = fileURLToPath(new URL('./handover/process.mjs', import.meta.url));
const results = fileURLToPath(new URL('./results/handover.md', import.meta.url));
const cases = [1, 4].flatMap(processes => [2, 20].map(holdMs => ({ processes, holdMs })));
/** The packages, each with its defaults and with the pauses of other packages. */
const contenders = [
    { name: 'ours', pause: 'default: up to 100 ± 50 ms' },
    { name: 'redlock', pause: 'default: 200 ± 100 ms, 10 times' },
    { name: 'redis-semaphore', pause: 'default: 10 ms' },
    { name: 'ours', intervalMs: 10, pause: 'up to 10 ± 5 ms' },
    { name: 'redlock', intervalMs: 10, pause: '10 ± 5 ms' },
    { name: 'redlock', intervalMs: 100, pause: '100 ± 50 ms' },
    { name: 'redis-semaphore', intervalMs: 100, pause: '100 ms' },
    { name: 'ours', intervalMs: 200, pause: 'up to 200 ± 100 ms' },
];

const heads = [
    '',
    'pause between tries',
    'gave up',
    's',
    'requests',
    'requests/s',
    'CPU ms, clients',
    'CPU ms, server',
];
const line = cells => `| ${cells.join(' | ')} |`;

function table({ processes, holdMs }, entries) {
    const rows = entries.map(({ label, pause, rounds }) => {
        const of = figure => median(rounds.map(round => round[figure]));
        const figures = ['asked', 'perSecond', 'clientMs', 'serverMs'].map(figure => of(figure)?.toFixed(0) ?? '–');
        return line([label, pause, medianSum(rounds, 'gaveUp').toFixed(0), of('seconds').toFixed(2), ...figures]);
    });
    const where = processes === 1 ? 'one process' : `${processes} processes`;
    const title = `### ${WAITERS} waiters in ${where}, each holds the lock for ${holdMs} ms`;
    const rule = line(heads.map((_, i) => (i < 2 ? '---' : '--:')));
    return [title, '', line(heads), rule, ...rows].join('\n');
}

const servers = { memcached: await startMemcached(), redis: hasRedis() ? await startRedis() : null };
const rivals = ['redlock', 'redis-semaphore', 'ioredis'];
const run = describeRun({ args: ['handover'], memcached: servers.memcached, rivals });
const tables = [];
const present = contenders
    .map(({ name, intervalMs, pause }) => ({ ...locks[name], pause, prepare: { name, intervalMs } }))
    .filter(({ store }) => servers[store] !== null);
if (servers.redis === null) console.log('redlock and redis-semaphore are skipped: redis-server is not installed');
try {
    for (const scenario of cases) {
        const { processes, holdMs } = scenario;
        const round = { waiters: WAITERS / processes, holdMs };
        const bout = { script, processes, roundOf: () => round };
        tables.push(table(scenario, await runBouts(present, bout, { servers, rounds: ROUNDS })));
        console.log(`${tables.at(-1)}\n`);
    }
} finally {
    await servers.memcached.stop();
    await servers.redis?.stop();
}

if (servers.redis !== null) {
    const { machine, loadBefore, node, memcached, packages, date, command } = run;
    const stores = `memcached ${memcached}; Redis ${servers.redis.version}`;
    const head = [
        `${machine}, load ${loadBefore} before; Node ${node}; ${stores}`,
        rivals.map(name => `${name} ${packages[name]}`).join(', '),
        `${date}; \`${command}\`; medians of ${ROUNDS} interleaved rounds after one of warm-up`,
        'gave up: waiters that got an error instead of the lock; s: until all had the lock or gave up',
    ];
    writeFileSync(results, `${[head.join('  \n'), ...tables].join('\n\n')}\n`);
}
