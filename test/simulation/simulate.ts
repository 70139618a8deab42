import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makePlan } from './schedule/makePlan';
import type { ProtocolChoice } from './schedule/makeProtocols';
import { explain, trace } from './report';
import { search, type Found } from './search';

/**
 * Command-line entry point. `npm run simulate -- --seed N` plays one schedule and prints its trace.
 * `--shrink` prints the shortest schedule that still fails. `--seeds N --from F --minutes M
 * --workers W` searches many schedules. `--protocol P` chooses the protocol.
 */
const { values } = parseArgs({
    options: {
        seed: { type: 'string' },
        shrink: { type: 'boolean', default: false },
        seeds: { type: 'string', default: '10000' },
        from: { type: 'string' },
        /** Stops at the first schedule that fails. */
        'until-failure': { type: 'boolean', default: false },
        /** Skips the explanations of failed schedules. */
        plain: { type: 'boolean', default: false },
        /** Protocol of all processes: auto, binary, meta or mixed. Without it each seed decides. */
        protocol: { type: 'string' },
        minutes: { type: 'string', default: '60' },
        workers: { type: 'string', default: String(availableParallelism()) },
        /** Index of a worker process. */
        worker: { type: 'string' },
    },
});
/** Number of failed schedules that the command explains. */
const MAX_EXPLAINED = 3;

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const choice = values.protocol as ProtocolChoice | undefined;
const workers = Number(values.workers);
const from = Number(values.from ?? Date.now() % 2 ** 31);
const startMs = performance.now();

async function replay(seed: number): Promise<void> {
    const { lines, isFailed } = await trace(makePlan(seed, choice));
    for (const line of lines) print(line);
    if (isFailed && values.shrink) for (const line of await explain(seed, choice)) print(line);
    process.exitCode = isFailed ? 1 : 0;
}

/** Searches every `workers`th seed and sends the result to the parent process. */
async function runWorker(worker: number): Promise<void> {
    const endMs = startMs + Number(values.minutes) * 60_000;
    function* seeds(): Iterable<number> {
        for (let i = worker; i < Number(values.seeds); i += workers) yield from + i;
    }
    process.send!(
        await search(seeds(), failed => performance.now() > endMs || (values['until-failure'] && failed > 0), choice),
    );
    process.disconnect();
}

function startWorker(worker: number): Promise<Found> {
    const args = [...process.argv.slice(2), '--from', String(from), '--worker', String(worker)];
    const child = fork(join(__dirname, 'simulate.ts'), args, { execArgv: process.execArgv });
    return new Promise((resolve, reject) => {
        child.on('message', found => resolve(found as Found));
        child.on('exit', code => reject(new Error(`worker ${worker} exited with code ${code}`)));
    });
}

async function main(): Promise<void> {
    if (values.seed !== undefined) return replay(Number(values.seed));
    if (values.worker !== undefined) return runWorker(Number(values.worker));
    const found = await Promise.all(Array.from({ length: workers }, (_, i) => startWorker(i)));
    const sum = (field: 'schedules' | 'steps' | 'calls'): number => found.reduce((all, one) => all + one[field], 0);
    const failed = found.flatMap(one => one.failed);
    const seconds = (performance.now() - startMs) / 1000;
    const explained = values.plain ? [] : failed.slice(0, MAX_EXPLAINED);
    for (const seed of explained) for (const line of await explain(seed, choice)) print(line);
    print(
        `${sum('schedules')} schedules from seed ${from} in ${seconds.toFixed(0)} s, ` +
            `${(sum('schedules') / seconds).toFixed(0)}/s, ${sum('calls')} calls, ${sum('steps')} steps; failed: ${failed.join(' ') || 'none'}`,
    );
    process.exitCode = failed.length > 0 ? 1 : 0;
}

void main();
