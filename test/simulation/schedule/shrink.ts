import type { Plan, Step, Task } from './Plan';

/** So many schedules are played for it, at most. */
const MOST_TRIES = 400;

/** A part of a plan that can be left out: a step by its number, or a fault by its place. */
interface Piece {
    readonly step?: number;
    readonly fault?: number;
}

/**
 * Leaves out of a failing plan whatever it fails without: first halves of what is left, then smaller
 * and smaller parts.
 */
export async function shrink(plan: Plan, fails: (plan: Plan) => Promise<boolean>): Promise<Plan> {
    let left: readonly Piece[] = partsOf(plan);
    let tries = 0;
    for (let size = Math.ceil(left.length / 2); size >= 1 && tries < MOST_TRIES;) {
        let hasShrunk = false;
        for (let from = 0; from < left.length && tries < MOST_TRIES;) {
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

/** What stays is done when it was done before. */
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
