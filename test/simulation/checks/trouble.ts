import type { Plan } from '../schedule/Plan';

/**
 * Returns whether the plan has a fault that can make a call fail. Changes of the list and faults of
 * discovery do not count.
 */
export function hasTrouble({ faults }: Plan): boolean {
    return faults.some(({ kind }) => kind !== 'list' && kind !== 'discovery');
}
