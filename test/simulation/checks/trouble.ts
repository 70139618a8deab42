import type { Plan } from '../schedule/Plan';

/** Returns whether the plan has a fault that can make a call fail. A list change cannot. */
export function hasTrouble({ faults }: Plan): boolean {
    return faults.some(({ kind }) => kind !== 'list' && kind !== 'discovery');
}
