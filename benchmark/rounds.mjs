import { setTimeout as sleep } from 'node:timers/promises';

import { Contender } from './contender.mjs';
import { pinToLastCore, unpin } from './server/pin.mjs';

const PREPARE_MS = 30_000;

export function median(values) {
    const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
    if (sorted.length === 0) return null;
    const middle = sorted.length >> 1;
    return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Runs one case with all contenders in turn, round after round. A slow moment of the machine
 * therefore affects all of them. Each round begins with another contender, so that no contender
 * always follows the same contender. A contender that fails takes no further part in this case.
 * @param servers by the `store` of the contenders
 */
export async function runCase({ scenario, contenders, servers, rounds, seconds, warmup }) {
    for (const server of Object.values(servers)) await server.flush();
    const entries = contenders.map(contender => ({
        contender,
        server: servers[contender.store ?? 'memcached'],
        child: new Contender(),
        rounds: [],
        failure: undefined,
    }));
    const attempt = async (entry, task, timeoutMs) => {
        if (entry.failure !== undefined) return undefined;
        try {
            return await entry.child.run(task, timeoutMs);
        } catch (error) {
            entry.failure = error.message;
            return undefined;
        }
    };

    const processes = [...Object.values(servers), ...entries.map(entry => entry.child)];
    if (scenario.isOnOneCore) for (const { pid } of processes) pinToLastCore(pid);
    try {
        for (const entry of entries) {
            const { contender, server } = entry;
            const { kind, tag, store } = contender;
            const { isTls, ...bare } = contender.setting;
            const setting = isTls ? { ...bare, tls: server.tls } : bare;
            const { port } = server;
            await attempt(entry, { task: 'prepare', kind, setting, tag, scenario, store, port }, PREPARE_MS);
        }
        for (let round = 0; round < rounds; round++) {
            for (let turn = 0; turn < entries.length; turn++) {
                const entry = entries[(turn + round) % entries.length];
                const { server } = entry;
                const before = await server.answered();
                const result = await attempt(
                    entry,
                    { task: 'round', warmup, seconds },
                    (warmup + seconds) * 1000 + 15_000,
                );
                const seen = (await server.answered()) - before;
                const asked = (result?.asked ?? 0) * scenario.perCall;
                if (result?.errors > 0) entry.failure = `${result.errors} errors: ${result.firstError}`;
                else if (seen < asked && !entry.contender.setting.isMemoryFirst)
                    entry.failure = `the server saw ${seen} of ${asked} keys`;
                else if (result) entry.rounds.push(result);
                await sleep(20);
            }
        }
        for (const entry of entries) await attempt(entry, { task: 'close' }, PREPARE_MS);
    } finally {
        if (scenario.isOnOneCore) for (const { pid } of Object.values(servers)) unpin(pid);
        await Promise.all(entries.map(entry => entry.child.end()));
    }
    return entries.map(entry => summary(entry, scenario));
}

function summary({ contender: { id, label, setting }, rounds, failure }, { perCall, largeBytes }) {
    if (failure !== undefined) return { id, label, setting, failure };
    const of = figure => median(rounds.map(figure));
    const perSecond = round => round.callsPerSecond * perCall;
    return {
        id,
        label,
        setting,
        perSecond: of(perSecond),
        slowestRound: Math.min(...rounds.map(perSecond)),
        fastestRound: Math.max(...rounds.map(perSecond)),
        cpuMicros: of(round => round.cpuMicrosPerCall / perCall),
        p50Ms: of(round => round.p50Ms),
        p99Ms: of(round => round.p99Ms),
        samplesPerRound: of(round => round.samples),
        ...(largeBytes && { largeMiBPerSecond: of(r => (r.largeCalls * largeBytes) / r.seconds / 2 ** 20) }),
    };
}
