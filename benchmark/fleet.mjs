import { setTimeout as sleep } from 'node:timers/promises';

import memcached from '../scripts/memcached.cjs';
import { MemcachedClient } from '../dist/index.js';
import { closedLoop, measuredRound, Samples } from './measure.mjs';
import { median } from './rounds.mjs';
import { makeKeys, makeValue } from './values.mjs';

/**
 * The number of servers that the benchmark compares with one. The benchmark also kills one of five
 * servers for 5 s, and measures the effect on the other four. Each ratio compares two rounds of the
 * same run.
 */
const SERVERS = 5;
const ROUNDS = 9;
const SECONDS = 0.5;
const keys = makeKeys('fleet', 1000);
const values = keys.map((_, i) => makeValue(i, 100));

const start = port => memcached.startMemcached({ port, args: ['-m', '64', '-t', '1'] });
const addresses = servers => servers.map(({ port }) => ({ host: '127.0.0.1', port }));

async function openClient(servers, options = {}) {
    const client = new MemcachedClient(addresses(servers), { idleMs: 600_000, ...options });
    await client.open();
    await storeAll(client);
    return client;
}

async function storeAll(client) {
    const { failed } = await client.setMany(keys.map((key, i) => [key, values[i]]));
    if (failed.size > 0) throw [...failed.values()][0];
}

const isRight = (item, i) => item.value?.length === values[i % keys.length].length;
const loads = {
    'get, 64 in flight': {
        perCall: 1,
        work: client => seconds =>
            closedLoop({
                inFlight: 64,
                sampleEvery: 7,
                seconds,
                call: i => client.get(keys[i % keys.length]),
                isRight,
            }),
    },
    'getMany of 1000 keys, 8 in flight': {
        perCall: keys.length,
        work: client => seconds =>
            closedLoop({
                inFlight: 8,
                sampleEvery: 1,
                seconds,
                call: () => client.getMany(keys),
                isRight: ({ items }) => items.size === keys.length,
            }),
    },
    'getMany of 1000 keys, 1 in flight': {
        perCall: keys.length,
        work: client => seconds =>
            closedLoop({
                inFlight: 1,
                sampleEvery: 1,
                seconds,
                call: () => client.getMany(keys),
                isRight: ({ items }) => items.size === keys.length,
            }),
    },
};

async function compare(servers) {
    const one = await openClient(servers.slice(0, 1));
    const five = await openClient(servers);
    for (const [title, { perCall, work }] of Object.entries(loads)) {
        const rounds = [];
        for (let i = 0; i < ROUNDS; i++) {
            const pair = {};
            for (const name of i % 2 === 0 ? ['one', 'five'] : ['five', 'one']) {
                const round = await measuredRound(work(name === 'one' ? one : five), { warmup: 0.1, seconds: SECONDS });
                if (round.errors > 0) throw new Error(`${title}: ${round.firstError}`);
                pair[name] = round;
            }
            rounds.push(pair);
        }
        const of = figure => [
            median(rounds.map(({ one }) => figure(one))),
            median(rounds.map(({ five }) => figure(five))),
        ];
        const ratio = figure => median(rounds.map(({ one, five }) => figure(five) / figure(one))).toFixed(2);
        const speed = round => round.callsPerSecond * perCall;
        const cpu = round => round.cpuMicrosPerCall / perCall;
        const [slow, fast] = [of(speed).map(n => Math.round(n)), of(cpu).map(n => n.toFixed(2))];
        console.log(
            `${title}: one server ${slow[0]}/s, ${SERVERS} servers ${slow[1]}/s: × ${ratio(speed)}; ` +
                `CPU of the client ${fast[0]} and ${fast[1]} µs: × ${ratio(cpu)}`,
        );
    }
    await Promise.all([one.close(), five.close()]);
}

/**
 * Measures the CPU time for the choice of a server, as a share of the CPU time of a get. The keys
 * are hot keys, or a million distinct keys.
 */
async function weighRing(servers) {
    const client = await openClient(servers);
    const million = makeKeys('cold', 1_000_000);
    const microsOf = (some, times) => {
        const begun = performance.now();
        for (let i = 0; i < times; i++) client.homeServer(some[i % some.length]);
        return ((performance.now() - begun) * 1000) / times;
    };
    const rounds = [];
    for (let i = 0; i < ROUNDS; i++) {
        const get = await measuredRound(loads['get, 64 in flight'].work(client), { warmup: 0.1, seconds: SECONDS });
        rounds.push({ get: get.cpuMicrosPerCall, hot: microsOf(keys, 1e6), cold: microsOf(million, 1e6) });
    }
    await client.close();
    const of = name => median(rounds.map(round => round[name]));
    const share = name => `${((of(name) / of('get')) * 100).toFixed(1)} %`;
    console.log(
        `the ring: ${of('hot').toFixed(3)} µs for a hot key (${share('hot')} of a get's ${of('get').toFixed(2)} µs), ` +
            `${of('cold').toFixed(3)} for one of a million (${share('cold')})`,
    );
}

/**
 * Measures each group of loops in each phase. 64 loops read keys of the four servers, and 8 loops
 * read keys of the killed server.
 */
async function killOne(servers) {
    let downAt = Infinity;
    let upAt = NaN;
    const observer = { onDown: () => (downAt = performance.now()), onUp: () => (upAt = performance.now()) };
    const client = await openClient(servers, { retryMs: 500, observer });
    const isOfDead = key => client.homeServer(key).port === servers[0].port;
    const ofDead = keys.filter(isOfDead);
    const ofOthers = keys.filter(key => !isOfDead(key));
    const others = { errors: 0, calls: 0, samples: new Samples() };
    const dead = { samples: new Samples(), longestMs: 0, hitAt: NaN, errors: 0 };
    let isOver = false;
    const askOthers = async from => {
        for (let i = from; !isOver; i++) {
            const begun = performance.now();
            const { value } = await client.get(ofOthers[i % ofOthers.length]).catch(() => ({ value: null }));
            if (value === null) others.errors++;
            others.calls++;
            if (i % 7 === 0) others.samples.add(performance.now() - begun);
        }
    };
    const askDead = async from => {
        for (let i = from; !isOver; i++) {
            const key = ofDead[i % ofDead.length];
            const begun = performance.now();
            try {
                const { value } = await client.get(key);
                if (value === null) await client.set(key, values[0]);
                else if (dead.errors > 0 && Number.isNaN(dead.hitAt)) dead.hitAt = performance.now();
            } catch (error) {
                dead.errors++;
                if (begun > downAt) {
                    const ms = performance.now() - begun;
                    dead.samples.add(ms);
                    dead.longestMs = Math.max(dead.longestMs, ms);
                }
            }
            await sleep(1);
        }
    };
    const loops = [
        ...Array.from({ length: 64 }, (_, i) => askOthers(i * 11)),
        ...Array.from({ length: 8 }, (_, i) => askDead(i * 3)),
    ];
    const p99During = async seconds => {
        others.samples = new Samples();
        await sleep(seconds * 1000);
        return others.samples.percentiles().p99Ms;
    };
    await sleep(1000);
    const before = await p99During(5);
    await servers[0].end();
    const during = await p99During(5);
    const restarted = performance.now();
    servers[0] = await start(servers[0].port);
    const startedMs = performance.now() - restarted;
    for (let waited = 0; Number.isNaN(dead.hitAt) && waited < 5000; waited += 20) await sleep(20);
    const after = await p99During(2);
    isOver = true;
    await Promise.all(loops);
    await client.close();
    const down = dead.samples.percentiles();
    console.log(
        `one of ${SERVERS} killed for 5 s, 64 + 8 in flight: errors on the other four ${others.errors} of ${others.calls}; ` +
            `their p99 ${before.toFixed(2)} ms before, ${during.toFixed(2)} during (× ${(during / before).toFixed(2)}), ${after.toFixed(2)} after`,
    );
    console.log(
        `a call for the dead one, once it is down: p50 ${down.p50Ms.toFixed(3)} ms, p99 ${down.p99Ms.toFixed(3)}, ` +
            `longest ${dead.longestMs.toFixed(1)}, of ${down.samples}; ` +
            `first hit ${(dead.hitAt - upAt).toFixed(0)} ms after the probe was answered, ` +
            `${(dead.hitAt - restarted - startedMs).toFixed(0)} ms after the server was there (retry 500 ms)`,
    );
    if (others.errors > 0) process.exitCode = 1;
}

const servers = await Promise.all(Array.from({ length: SERVERS }, () => start()));
try {
    await compare(servers);
    await weighRing(servers);
    await killOne(servers);
} finally {
    await Promise.all(servers.map(server => server.end()));
}
