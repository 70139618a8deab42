import type { Step } from '../schedule/Plan';

/** The value that a step writes: unlike that of any other step. */
export function valueOf({ id, bytes }: Step, index = 0): string {
    return `<${id}.${index}>`.padEnd(bytes, '.');
}
