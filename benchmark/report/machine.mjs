import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';

function versionOf(folder) {
    return JSON.parse(readFileSync(new URL(`${folder}/package.json`, import.meta.url), 'utf8')).version;
}

const CLIENTS = ['memjs', 'memcached', 'memcache-client', 'memcache'];

/** Returns the facts on which the figures depend. */
export function describeRun({ args, memcached, redis, rivals = CLIENTS, rounds, seconds, warmup }) {
    return {
        date: new Date().toISOString().slice(0, 16).replace('T', ' ') + ' UTC',
        command: ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
        machine: `${cpus().length} × ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}`,
        loadBefore: Number(loadavg()[0].toFixed(2)),
        node: process.version,
        memcached: `${memcached.version} (${memcached.flags}), loopback`,
        ...(redis && { redis: `${redis.version} (${redis.flags})` }),
        packages: {
            ours: versionOf('../..'),
            ...Object.fromEntries(rivals.map(name => [name, versionOf(`../node_modules/${name}`)])),
        },
        rounds,
        seconds,
        warmup,
    };
}

export function describeInLines({
    date,
    command,
    machine,
    node,
    memcached,
    redis,
    packages,
    rounds,
    seconds,
    warmup,
    loadBefore,
}) {
    return [
        `${machine}, load ${loadBefore} before; Node ${node}; memcached ${memcached}${redis ? `; Redis ${redis}` : ''}`,
        Object.entries(packages)
            .map(([name, version]) => `${name} ${version}`)
            .join(', '),
        `${date}; ${command}; medians of ${rounds} interleaved rounds of ${seconds} s after ${warmup} s of warm-up each`,
    ];
}
