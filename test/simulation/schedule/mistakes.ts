import type { Random } from '../world/Random';
import type { Task } from './Plan';

/** Key that is invalid because of its space. */
export const BAD_KEY = 'bad key';

/** Share of calls with an invalid key. */
const SHARE = 0.02;
/** Verbs that look up a lease before they validate the key. */
const WITHOUT_CALL = /^(extend|release)/;

/** Gives some calls an invalid key. */
export function withMistakes(task: Task, random: Random): Task {
    const steps = task.steps.map(step => {
        if (step.keys.length === 0 || WITHOUT_CALL.test(step.verb) || !random.chance(SHARE)) return step;
        const bad = random.int(0, step.keys.length - 1);
        return { ...step, keys: step.keys.map((key, i) => (i === bad ? BAD_KEY : key)) };
    });
    return { ...task, steps };
}
