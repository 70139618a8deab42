import { fileURLToPath } from 'node:url';

import { medianSum, runBouts } from '../bouts.mjs';
import { locks } from '../handover/locks.mjs';
import { median } from '../rounds.mjs';
import { loaders, waitingLocks } from './contenders.mjs';

const scriptAt = path => fileURLToPath(new URL(path, import.meta.url));
const handoverScript = scriptAt('../handover/process.mjs');
const stampedeScript = scriptAt('./stampede-process.mjs');

const PROCESSES = 4;
const CALLERS = 100;
/** The commands by which the caches of Redis read and store. */
const CACHE_COMMANDS = ['get', 'set', 'setex', 'psetex', 'mget', 'del', 'eval', 'evalsha'];

/** The bouts for a lock. One caller holds the lock first, and `waiters` wait for it. */
export const waits = [
    { id: 'wait-1', waiters: 1, times: 10, hold: { holdMs: 50, jitterMs: 200 } },
    { id: 'wait-50', waiters: 50, times: 1, hold: { holdMs: 10 } },
];

const sorted = values => values.toSorted((a, b) => a - b);

/** Measures how long callers wait for a lock that others release. */
export async function waitForLock({ id, waiters, times, hold }, run) {
    const contenders = waitingLocks.map(({ name, intervalMs, pause }) => ({
        ...locks[name],
        id: name,
        pause,
        prepare: { name, intervalMs },
    }));
    const round = { waiters: waiters + 1, times, ...hold };
    const entries = await runBouts(contenders, { script: handoverScript, processes: 1, roundOf: () => round }, run);
    return {
        id,
        waiters,
        entries: entries.map(({ id: name, label, pause, rounds }) => {
            const gapsMs = sorted(rounds.flatMap(({ parts }) => parts[0].gapsMs));
            const acquisitions = times * (waiters + 1);
            return {
                id: name,
                label,
                pause,
                gaveUp: medianSum(rounds, 'gaveUp'),
                p50Ms: median(gapsMs),
                p90Ms: gapsMs[Math.floor(gapsMs.length * 0.9)],
                requestsPerLock: median(rounds.map(({ asked }) => asked)) / acquisitions,
                cpuMsPerLock: median(rounds.map(({ clientMs }) => clientMs)) / acquisitions,
            };
        }),
    };
}

/** Measures how often callers of several processes load a value that all want at once. */
export async function stampede(run) {
    const contenders = loaders.map(({ id, label, kind, setting, store }) => ({
        id,
        label,
        store: store ?? 'memcached',
        commands: CACHE_COMMANDS,
        prepare: { id, kind, setting },
    }));
    const roundOf = number => ({ number, callers: CALLERS / PROCESSES });
    const entries = await runBouts(contenders, { script: stampedeScript, processes: PROCESSES, roundOf }, run);
    return entries.map(({ id, label, rounds }) => ({
        id,
        label,
        loads: medianSum(rounds, 'loads'),
        ms: median(rounds.map(({ seconds }) => seconds * 1000)),
        requests: median(rounds.map(({ asked }) => asked)),
        cpuMs: median(rounds.map(({ clientMs }) => clientMs)),
    }));
}
