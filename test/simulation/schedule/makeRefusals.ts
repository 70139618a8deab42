import type { Random } from '../world/Random';
import type { Fault, Plan } from './Plan';

/** Draws faults in which a server refuses logins for a time. */
export function makeRefusals(
    random: Random,
    { servers, client }: Pick<Plan, 'servers' | 'client'>,
    durationMs: number,
): Fault[] {
    if (random.chance(0.5)) return [];
    return Array.from({ length: random.int(1, 2) }, () => ({
        kind: 'refuse',
        atMs: Math.round(random.between(0, durationMs)),
        server: random.int(0, servers - 1),
        forMs: Math.round(random.between(1, 5 * client.requestTimeoutMs)),
    }));
}
