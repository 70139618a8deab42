import type { Random } from '../world/Random';
import type { Task } from './Plan';

/** No key may have a space in it. */
export const BAD_KEY = 'bad key';

/** So many calls have a key that is invalid. */
const SHARE = 0.02;
/** These look for a lease before they look at the key. */
const WITHOUT_CALL = /^(extend|release)/;

/** Some calls are mistakes of the service. */
export function withMistakes(task: Task, random: Random): Task {
    const steps = task.steps.map(step => {
        if (step.keys.length === 0 || WITHOUT_CALL.test(step.verb) || !random.chance(SHARE)) return step;
        const bad = random.int(0, step.keys.length - 1);
        return { ...step, keys: step.keys.map((key, i) => (i === bad ? BAD_KEY : key)) };
    });
    return { ...task, steps };
}
