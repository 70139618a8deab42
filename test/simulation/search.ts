import { makePlan } from './schedule/makePlan';
import type { ProtocolChoice } from './schedule/makeProtocols';
import { runPlan } from './schedule/runPlan';

/** Result of a search. */
export interface Found {
    readonly schedules: number;
    readonly steps: number;
    readonly calls: number;
    /** Seeds of the schedules with violations. */
    readonly failed: readonly number[];
}

/**
 * Plays the schedules of these seeds until `isOver` returns true.
 * @param isOver runs before each schedule, and takes the number of failed schedules
 * @param choice see `makePlan`
 */
export async function search(
    seeds: Iterable<number>,
    isOver: (failed: number) => boolean,
    choice?: ProtocolChoice,
): Promise<Found> {
    let [schedules, steps, calls] = [0, 0, 0];
    const failed: number[] = [];
    for (const seed of seeds) {
        if (isOver(failed.length)) break;
        const outcome = await runPlan(makePlan(seed, choice));
        schedules++;
        steps += outcome.steps;
        calls += outcome.calls;
        if (outcome.violations.length > 0) failed.push(seed);
    }
    return { schedules, steps, calls, failed };
}
