import type { Step } from '../schedule/Plan';

/** Returns the value that a step writes. The value differs from the values of all other steps. */
export function valueOf({ id, bytes }: Step, index = 0): string {
    return `<${id}.${index}>`.padEnd(bytes, '.');
}
