// Compares stores of Keyv: gets of a small object, 64 in flight. Rounds are interleaved, and each
// begins with another store.
//
//     node benchmark/keyv/run.mjs [rounds] [seconds]
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { startMemcached } from '../server/memcached.mjs';
import { hasRedis, startRedis } from '../server/redis.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
if (!existsSync(`${here}node_modules/.package-lock.json`)) {
    const npm = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
    if (spawnSync('npm', npm, { cwd: here, stdio: 'inherit' }).status !== 0) process.exit(1);
}
const { stores } = await import('./stores.mjs');

const [rounds = 9, seconds = 1] = process.argv.slice(2).map(Number);
const servers = { memcached: await startMemcached() };
if (hasRedis()) servers.redis = await startRedis();
else console.log('There is no redis-server on the PATH: @keyv/redis is left out.');

const entries = Object.entries(stores).filter(([, { server }]) => server === undefined || server in servers);
const contenders = await Promise.all(entries.map(([name, { server }]) => start(name, servers[server]?.port ?? 0)));
try {
    console.log(`Node ${process.version}, load ${loadavg()[0].toFixed(1)}, ${rounds} rounds of ${seconds} s`);
    // The first round warms up.
    for (let round = -1; round < rounds; round++) {
        for (let i = 0; i < contenders.length; i++) {
            const { child, results } = contenders[(i + round + 1) % contenders.length];
            child.send({ seconds });
            const [result] = await once(child, 'message');
            if (round >= 0) results.push(result);
        }
    }
    print();
} finally {
    for (const { child } of contenders) child.kill();
    for (const server of Object.values(servers)) await server.stop();
}

async function start(name, port) {
    const child = fork(`${here}contender.mjs`, [name, String(port)]);
    const [ready] = await Promise.race([once(child, 'message'), once(child, 'exit').then(() => [])]);
    if (ready !== 'ready') throw new Error(`${name} did not start`);
    return { name, child, results: [] };
}

/** Prints medians. The ratio is the median of the ratios of each round. */
function print() {
    const [{ results: first }] = contenders;
    console.log('| store | gets/s | CPU µs per get | gets/s of the first store ÷ this one |');
    console.log('| --- | ---: | ---: | ---: |');
    for (const { name, results } of contenders) {
        const gets = median(results.map(({ getsPerSecond }) => getsPerSecond));
        const cpu = median(results.map(({ cpuMicros }) => cpuMicros));
        const ratio = median(results.map(({ getsPerSecond }, i) => first[i].getsPerSecond / getsPerSecond));
        console.log(`| ${name} | ${Math.round(gets / 1000)} k | ${cpu.toFixed(1)} | ${ratio.toFixed(2)} |`);
    }
}

function median(numbers) {
    const sorted = [...numbers].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)];
}
