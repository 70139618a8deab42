import type { Random } from '../world/Random';
import type { Fault, Plan } from './Plan';

/** For a time a server takes another password than that of the service. */
export function makeRefusals(
    random: Random,
    { servers, client }: Pick<Plan, 'servers' | 'client'>,
    lastsMs: number,
): Fault[] {
    if (random.chance(0.5)) return [];
    return Array.from({ length: random.int(1, 2) }, () => ({
        kind: 'refuse',
        atMs: Math.round(random.between(0, lastsMs)),
        server: random.int(0, servers - 1),
        forMs: Math.round(random.between(1, 5 * client.requestTimeoutMs)),
    }));
}
