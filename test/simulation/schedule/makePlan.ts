import { Random } from '../world/Random';
import { makeFaults } from './makeFaults';
import { makeLists, withChanges } from './makeLists';
import { makeProtocols, type ProtocolChoice } from './makeProtocols';
import { makeRefusals } from './makeRefusals';
import { cacheStep } from './cacheStep';
import { clientStep } from './clientStep';
import { lockStep } from './lockStep';
import { withSignals } from './withSignals';
import { withMistakes } from './mistakes';
import type { ClientPlan, Part, Plan, Step, Task } from './Plan';

const STEPS = { client: clientStep, cache: cacheStep, lock: lockStep };
const PARTS: readonly (readonly Part[])[] = [['client'], ['cache'], ['lock'], ['cache', 'lock']];

/**
 * Makes the schedule of a seed.
 * @param choice protocol of all processes. Without it the seed decides.
 */
export function makePlan(seed: number, choice?: ProtocolChoice): Plan {
    const random = new Random(seed, 'plan');
    const processes = random.int(1, 4);
    const servers = random.pick([1, 1, 2, 3]);
    const latencyMs = random.pick([0.05, 0.5, 2, 20]);
    const client = makeClient(random.of('client'), latencyMs);
    const shape = { processes, servers, client };
    const parts = random.pick(PARTS);
    const hasClear = random.of('clear').chance(0.4);
    const hasLogin = random.of('login').chance(0.2);
    const tasks = makeTasks(random.of('tasks'), processes, parts).map(task =>
        withSignals(
            withMistakes(withClears(task, random.of('clears'), hasClear), random.of(`mistakes ${task.process}`)),
            random.of(`signals ${task.process}`),
        ),
    );
    const durationMs = Math.max(...tasks.map(({ steps }) => steps.reduce((sum, { pauseMs }) => sum + pauseMs, 0)));
    const { lists, changes } = makeLists(random.of('lists'), { ...shape, parts }, durationMs);
    const faults = [
        ...makeFaults(random.of('faults'), shape, durationMs),
        ...(hasLogin ? makeRefusals(random.of('refusals'), shape, durationMs) : []),
        ...changes,
    ];
    const plan = {
        seed,
        ...shape,
        parts,
        cache: {
            maxSize: random.pick([0, 1, 1000]),
            loadTimeoutMs: random.pick([50, 10_000, 10_000]),
            hasClear,
            maxExpirationMs: random.of('expiration').pick([1500, 60_000, 60_000]),
        },
        lock: { retryTimeoutMs: random.pick([5, 50]) },
        lists,
        hasLogin,
        hasCas: !random.of('cas').chance(0.15),
        failSoft: random.of('fail soft').chance(0.3),
        requestMs: random.pick([0.005, 0.02, 0.5]),
        latencyMs,
        jitterMs: latencyMs * random.pick([0, 0.2, 2]),
        maxCuts: random.pick([0, 1, 3]),
        windowBytes: random.pick(latencyMs < 2 ? [1000, 65_536, 262_144] : [262_144]),
        tasks,
        ...makeProtocols(random.of('protocols'), { ...shape, parts, hasLogin, latencyMs }, faults, durationMs, choice),
    };
    if (changes.length === 0 || !parts.includes('client')) return plan;
    return { ...plan, tasks: tasks.map((task, i) => withChanges(task, random.of(`changes ${i}`), plan)) };
}

function makeClient(random: Random, latencyMs: number): ClientPlan {
    const requestTimeoutMs = Math.ceil(random.pick([100, 300, 1000]) + 12 * latencyMs);
    return {
        poolSize: random.pick([1, 2, 5]),
        retries: random.pick([0, 1, 3]),
        maxPending: random.pick([0, 0, 5]),
        requestTimeoutMs,
        connectTimeoutMs: Math.ceil(random.pick([100, 1000]) + 12 * latencyMs),
        reconnectMs: random.pick([100, 10_000]),
        failures: random.pick([1, 2, 5]),
        retryMs: random.pick([200, 30_000]),
        idleMs: random.pick([0, 50, 5000]),
    };
}

/** Turns some steps of the cache into clears. */
function withClears(task: Task, random: Random, hasClear: boolean): Task {
    if (!hasClear) return task;
    const steps = task.steps.map(step =>
        step.keys[0]?.startsWith('v') && random.chance(0.15) ? { ...step, verb: 'clear', keys: [] } : step,
    );
    return { ...task, steps };
}

function makeTasks(random: Random, processes: number, parts: readonly Part[]): Task[] {
    const tasks = random.int(processes, 2 * processes);
    const steps = random.int(20, 60);
    const pace = random.pick([1, 20, 100]);
    const keys = random.int(1, 4);
    let id = 0;
    return Array.from({ length: tasks }, (_, i) => {
        const stream = random.of(`${i}`);
        const own: Step[] = [];
        for (let left = Math.ceil(steps / tasks); left > 0; left--)
            own.push(STEPS[stream.pick(parts)](stream, ++id, pace, keys));
        return { process: i % processes, steps: own };
    });
}
