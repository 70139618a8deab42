import type { Plan } from '../schedule/Plan';

/** Something goes wrong. A change of the list of servers does not: no call fails for it. */
export function hasTrouble({ faults }: Plan): boolean {
    return faults.some(({ kind }) => kind !== 'list' && kind !== 'discovery');
}
