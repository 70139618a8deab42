import { Contender } from './contender.mjs';
import { median } from './rounds.mjs';
import { cpuMsOf } from './server/cpu.mjs';

const LIMIT_MS = 120_000;

/** Runs a task in all processes of a contender at the same time. */
function runAll({ label, children }, task) {
    return Promise.all(children.map(child => child.run(task, LIMIT_MS))).catch(error => {
        throw new Error(`${label}: ${error.message}`);
    });
}

/** Runs one round, from the first request to the end of the last process. */
async function measure(entry, round) {
    const { server, commands } = entry;
    const requests = () => server.requests(commands);
    const before = { requests: await requests(), cpuMs: cpuMsOf(server.pid), at: performance.now() };
    const parts = await runAll(entry, { task: 'round', ...round });
    const seconds = (performance.now() - before.at) / 1000;
    const serverMs = cpuMsOf(server.pid) - before.cpuMs;
    const asked = (await requests()) - before.requests;
    const clientMs = parts.reduce((total, { cpuMs }) => total + cpuMs, 0);
    return { seconds, asked, perSecond: asked / seconds, clientMs, serverMs, parts };
}

/**
 * Runs bouts, in which the processes of one contender do their work at the same time. The
 * contenders take turns, round after round. The first round is a warm-up. The processes last for
 * all rounds.
 * @param contenders each with its `label` and `store`, with `prepare` for its processes, and with the
 *     `commands` that a client sends to Redis
 * @param bout the `script` of a process, the number of `processes`, and the message `roundOf(number)`
 */
export async function runBouts(contenders, bout, { servers, rounds }) {
    const entries = [];
    for (const contender of contenders) {
        const server = servers[contender.store];
        const children = Array.from({ length: bout.processes }, () => new Contender(bout.script));
        entries.push({ ...contender, server, children, rounds: [] });
        await runAll(entries.at(-1), { task: 'prepare', port: server.port, ...contender.prepare });
    }
    for (let round = 0; round <= rounds; round++) {
        for (let turn = 0; turn < entries.length; turn++) {
            const entry = entries[(turn + round) % entries.length];
            const measured = await measure(entry, bout.roundOf(round));
            if (round > 0) entry.rounds.push(measured);
        }
    }
    for (const entry of entries) {
        await runAll(entry, { task: 'close' });
        await Promise.all(entry.children.map(child => child.end()));
    }
    return entries;
}

/** Returns the median over the rounds of the sum over the processes. */
export const medianSum = (rounds, figure) =>
    median(rounds.map(({ parts }) => parts.reduce((total, part) => total + part[figure], 0)));
