import { randomOf } from '../../support/random';
import { nowMs } from './events';
import type { Plan } from './plan';

/**
 * The kind of a key decides which commands the instances call on it.
 *
 * - `value` is for `store`, `add`, `update` and `remove`. A missing value needs a documented
 *   reason.
 * - `load` is for `retrieveOrLoad`, `store` and `remove`. A lease or a stale value is a miss for
 *   `retrieve`.
 * - `counter` is for `increment`.
 * - `sum` is a JSON counter that `update` increments.
 */
export type Kind = 'value' | 'load' | 'counter' | 'sum';

export interface Group {
    readonly values: readonly string[];
    readonly loads: readonly string[];
    readonly counter: string;
    readonly sum: string;
}

const GROUPS = 32;
const VALUES = 4;
const LOADS = 3;
const FOCUS_MS = 2500;
/** The share of calls on the current group. All other calls go to groups without recent calls. */
const SHARE_IN_FOCUS = 0.75;

const groups: readonly Group[] = Array.from({ length: GROUPS }, (_, i) => ({
    values: Array.from({ length: VALUES }, (_, n) => `value:${i}.${n}`),
    loads: Array.from({ length: LOADS }, (_, n) => `load:${i}.${n}`),
    counter: `counter:${i}`,
    sum: `sum:${i}`,
}));

export const kindOf = (key: string): Kind => key.slice(0, key.indexOf(':')) as Kind;

/**
 * Picks a group. Most calls of all processes go to one group for a while, so calls on a key often
 * overlap. Few keys then have a write with an unknown outcome.
 */
export function someGroup(random: () => number, { beganMs, round }: Plan): Group {
    const slot = Math.floor((nowMs() - beganMs) / FOCUS_MS);
    const focus = random() < SHARE_IN_FOCUS ? randomOf(`focus ${slot}, round ${round}`)() : random();
    return groups[Math.floor(focus * GROUPS)]!;
}
