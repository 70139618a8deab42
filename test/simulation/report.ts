import { makePlan } from './schedule/makePlan';
import type { ProtocolChoice } from './schedule/makeProtocols';
import type { Plan } from './schedule/Plan';
import { runPlan } from './schedule/runPlan';
import { shrink } from './schedule/shrink';

/** Plays a schedule and returns its trace and its violations, line by line. */
export async function trace(plan: Plan): Promise<{ lines: string[]; isFailed: boolean }> {
    const { tasks, faults, ...settings } = plan;
    const lines = [`schedule ${JSON.stringify(settings)}`];
    const { violations } = await runPlan(plan, line => lines.push(line));
    const steps = tasks.reduce((sum, task) => sum + task.steps.length, 0);
    lines.push(`${steps} steps, ${faults.length} faults, ${violations.length} violations`);
    for (const violation of violations) lines.push(`violation: ${violation}`);
    return { lines, isFailed: violations.length > 0 };
}

/** Shrinks the schedule of a failing seed and returns the trace of the result. */
export async function explain(seed: number, choice?: ProtocolChoice): Promise<string[]> {
    const plan = makePlan(seed, choice);
    const { lines: before } = await trace(plan);
    const small = await shrink(plan, async one => (await runPlan(one)).violations.length > 0);
    const { lines } = await trace(small);
    const found = before.filter(line => line.startsWith('violation: '));
    return [`seed ${seed}`, ...found, 'the shortest schedule that still fails:', ...lines];
}
