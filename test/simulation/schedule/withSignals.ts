import type { Random } from '../world/Random';
import type { Task } from './Plan';

const VERBS = new Set(['retrieveOrLoad', 'acquireLease', 'withLock']);
const SHARE = 0.25;

/** Gives some callers a signal that aborts, and makes some loaders wait for their signal. */
export function withSignals(task: Task, random: Random): Task {
    const steps = task.steps.map(step => {
        if (!VERBS.has(step.verb)) return step;
        const abortMs = random.chance(SHARE) ? random.pick([1, 20, 300]) : undefined;
        return { ...step, abortMs, hangs: step.verb === 'retrieveOrLoad' && random.chance(SHARE / 2) };
    });
    return { ...task, steps };
}
