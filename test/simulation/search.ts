import { makePlan } from './schedule/makePlan';
import { runPlan } from './schedule/runPlan';

/** What a search has come to. */
export interface Found {
    readonly schedules: number;
    readonly steps: number;
    readonly calls: number;
    /** The seeds of schedules with violations. */
    readonly failed: readonly number[];
}

/**
 * Plays the schedules of these seeds until the time is over, or so many have failed.
 * @param isOver asked between two schedules; it is told how many have failed
 */
export async function search(seeds: Iterable<number>, isOver: (failed: number) => boolean): Promise<Found> {
    let [schedules, steps, calls] = [0, 0, 0];
    const failed: number[] = [];
    for (const seed of seeds) {
        if (isOver(failed.length)) break;
        const outcome = await runPlan(makePlan(seed));
        schedules++;
        steps += outcome.steps;
        calls += outcome.calls;
        if (outcome.violations.length > 0) failed.push(seed);
    }
    return { schedules, steps, calls, failed };
}
