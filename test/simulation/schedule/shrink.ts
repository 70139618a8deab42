import type { Plan, Step, Task } from './Plan';

/** Maximum number of schedules that shrinking plays. */
const MAX_RUNS = 400;

/** Removable part of a plan, which is the number of a step or the index of a fault. */
interface Piece {
    readonly step?: number;
    readonly fault?: number;
}

/**
 * Removes every part of a failing plan that the failure does not need. Shrinking starts with halves
 * and continues with smaller parts.
 */
export async function shrink(plan: Plan, fails: (plan: Plan) => Promise<boolean>): Promise<Plan> {
    let left: readonly Piece[] = partsOf(plan);
    let tries = 0;
    for (let size = Math.ceil(left.length / 2); size >= 1 && tries < MAX_RUNS;) {
        let hasShrunk = false;
        for (let from = 0; from < left.length && tries < MAX_RUNS;) {
            const fewer = [...left.slice(0, from), ...left.slice(from + size)];
            tries++;
            if (await fails(only(plan, fewer))) {
                left = fewer;
                hasShrunk = true;
            } else from += size;
        }
        if (size === 1 && !hasShrunk) break;
        size = Math.max(1, Math.floor(size / 2));
    }
    return only(plan, left);
}

function partsOf({ tasks, faults }: Plan): Piece[] {
    const steps = tasks.flatMap(task => task.steps.map(({ id }) => ({ step: id })));
    return [...faults.map((_, fault) => ({ fault })), ...steps];
}

function only(plan: Plan, parts: readonly Piece[]): Plan {
    const steps = new Set(parts.map(({ step }) => step));
    const faults = new Set(parts.map(({ fault }) => fault));
    return {
        ...plan,
        tasks: plan.tasks.map(task => keep(task, steps)).filter(task => task.steps.length > 0),
        faults: plan.faults.filter((_, i) => faults.has(i)),
    };
}

/** Keeps the start times of the remaining steps. */
function keep({ process, steps }: Task, ids: ReadonlySet<number | undefined>): Task {
    const kept: Step[] = [];
    let pauseMs = 0;
    for (const step of steps) {
        pauseMs += step.pauseMs;
        if (!ids.has(step.id)) continue;
        kept.push({ ...step, pauseMs });
        pauseMs = 0;
    }
    return { process, steps: kept };
}
