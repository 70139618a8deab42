import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makePlan } from './schedule/makePlan';
import { explain, trace } from './report';
import { search, type Found } from './search';

/**
 * `npm run simulate -- --seed N` plays one schedule and prints what happens; `--shrink` prints the
 * shortest one of its kind that fails. `--seeds N --from F --minutes M --workers W` searches.
 */
const { values } = parseArgs({
    options: {
        seed: { type: 'string' },
        shrink: { type: 'boolean', default: false },
        seeds: { type: 'string', default: '10000' },
        from: { type: 'string' },
        /** Ends with the first schedule that fails. */
        'until-failure': { type: 'boolean', default: false },
        minutes: { type: 'string', default: '60' },
        workers: { type: 'string', default: String(availableParallelism()) },
        /** Of a worker: which of them it is. */
        worker: { type: 'string' },
    },
});
/** How many failing schedules are explained. */
const MOST_EXPLAINED = 3;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const workers = Number(values.workers);
const from = Number(values.from ?? Date.now() % 2 ** 31);
const startMs = performance.now();
const clock = performance.now.bind(performance);

async function replay(seed: number): Promise<void> {
    const { lines, isFailed } = await trace(makePlan(seed));
    for (const line of lines) say(line);
    if (isFailed && values.shrink) for (const line of await explain(seed)) say(line);
    process.exitCode = isFailed ? 1 : 0;
}

/** Every `workers`th seed. */
async function work(worker: number): Promise<void> {
    const endMs = startMs + Number(values.minutes) * 60_000;
    function* seeds(): Iterable<number> {
        for (let i = worker; i < Number(values.seeds); i += workers) yield from + i;
    }
    process.send!(await search(seeds(), failed => clock() > endMs || (values['until-failure'] && failed > 0)));
    process.disconnect();
}

function hire(worker: number): Promise<Found> {
    const args = [...process.argv.slice(2), '--from', String(from), '--worker', String(worker)];
    const child = fork(join(__dirname, 'simulate.ts'), args, { execArgv: process.execArgv });
    return new Promise((resolve, reject) => {
        child.on('message', found => resolve(found as Found));
        child.on('exit', code => reject(new Error(`worker ${worker} ended with ${code}`)));
    });
}

async function main(): Promise<void> {
    if (values.seed !== undefined) return replay(Number(values.seed));
    if (values.worker !== undefined) return work(Number(values.worker));
    const found = await Promise.all(Array.from({ length: workers }, (_, i) => hire(i)));
    const sum = (what: 'schedules' | 'steps' | 'calls'): number => found.reduce((all, one) => all + one[what], 0);
    const failed = found.flatMap(one => one.failed);
    const seconds = (clock() - startMs) / 1000;
    for (const seed of failed.slice(0, MOST_EXPLAINED)) for (const line of await explain(seed)) say(line);
    say(
        `${sum('schedules')} schedules from seed ${from} on in ${seconds.toFixed(0)} s, ` +
            `${(sum('schedules') / seconds).toFixed(0)}/s, ${sum('calls')} calls, ${sum('steps')} steps; failed: ${failed.join(' ') || 'none'}`,
    );
    process.exitCode = failed.length > 0 ? 1 : 0;
}

void main();
