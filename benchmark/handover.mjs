// Measures how 200 callers wait for one lock (`npm run bench -- handover`). Writes the table that
// docs/locks.md quotes.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { Contender } from './contender.mjs';
import { locks } from './handover/locks.mjs';
import { describeRun } from './report/machine.mjs';
import { median } from './rounds.mjs';
import { cpuMsOf } from './server/cpu.mjs';
import { startMemcached } from './server/memcached.mjs';
import { hasRedis, startRedis } from './server/redis.mjs';

const WAITERS = 200;
const ROUNDS = 5;
const LIMIT_MS = 120_000;
const script = fileURLToPath(new URL('./handover/process.mjs', import.meta.url));
const results = fileURLToPath(new URL('./results/handover.md', import.meta.url));
const cases = [1, 4].flatMap(processes => [2, 20].map(holdMs => ({ processes, holdMs })));
/** The packages, each with its defaults and with the pauses of other packages. */
const contenders = [
    { name: 'ours', pause: 'default: 100 ± 50 ms' },
    { name: 'redlock', pause: 'default: 200 ± 100 ms, 10 times' },
    { name: 'redis-semaphore', pause: 'default: 10 ms' },
    { name: 'ours', intervalMs: 10, pause: '10 ± 5 ms' },
    { name: 'redlock', intervalMs: 10, pause: '10 ± 5 ms' },
    { name: 'redlock', intervalMs: 100, pause: '100 ± 50 ms' },
    { name: 'redis-semaphore', intervalMs: 100, pause: '100 ms' },
    { name: 'ours', intervalMs: 200, pause: '200 ± 100 ms' },
];

async function open({ name, intervalMs }, processes, servers) {
    const { store } = locks[name];
    const children = Array.from({ length: processes }, () => new Contender(script));
    const { port } = servers[store];
    const task = { task: 'prepare', name, intervalMs, port };
    await Promise.all(children.map(child => child.run(task, LIMIT_MS)));
    return children;
}

/** Runs one round, from the first request to the last release. */
async function measure({ name, children, server }, { processes, holdMs }) {
    const requests = () => server.requests(locks[name].commands);
    const before = { requests: await requests(), cpuMs: cpuMsOf(server.pid), at: performance.now() };
    const task = { task: 'round', waiters: WAITERS / processes, holdMs };
    const results = await Promise.all(children.map(child => child.run(task, LIMIT_MS)));
    const seconds = (performance.now() - before.at) / 1000;
    const serverMs = cpuMsOf(server.pid) - before.cpuMs;
    const sum = figure => results.reduce((total, result) => total + result[figure], 0);
    const asked = (await requests()) - before.requests;
    return { seconds, asked, perSecond: asked / seconds, clientMs: sum('cpuMs'), serverMs, gaveUp: sum('gaveUp') };
}

/** Runs the contenders in turn, round after round. The first round is a warm-up. */
async function runCase(scenario, servers) {
    const entries = [];
    for (const contender of contenders) {
        const server = servers[locks[contender.name].store];
        if (server === null) continue;
        const children = await open(contender, scenario.processes, servers);
        entries.push({ ...contender, server, children, rounds: [] });
    }
    for (let round = 0; round <= ROUNDS; round++) {
        for (let turn = 0; turn < entries.length; turn++) {
            const entry = entries[(turn + round) % entries.length];
            const measured = await measure(entry, scenario);
            if (round > 0) entry.rounds.push(measured);
        }
    }
    for (const { children } of entries) {
        await Promise.all(children.map(child => child.run({ task: 'close' }, LIMIT_MS)));
        await Promise.all(children.map(child => child.end()));
    }
    return entries;
}

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
    const rows = entries.map(({ name, pause, rounds }) => {
        const of = figure => median(rounds.map(round => round[figure]));
        const whole = figure => of(figure)?.toFixed(0) ?? '–';
        const figures = ['asked', 'perSecond', 'clientMs', 'serverMs'].map(whole);
        return line([locks[name].label, pause, whole('gaveUp'), of('seconds').toFixed(2), ...figures]);
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
if (servers.redis === null) console.log('redlock and redis-semaphore are skipped: redis-server is not installed');
try {
    for (const scenario of cases) {
        tables.push(table(scenario, await runCase(scenario, servers)));
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
