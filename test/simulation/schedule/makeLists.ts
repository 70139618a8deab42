import type { Random } from '../world/Random';
import { LARGE_BATCH } from './clientStep';
import type { Fault, Member, Plan, Step, Task } from './Plan';

/** Length of each value in a large batch, so that a batch exceeds one write. */
const LARGE_BYTES = 70_000;

/** Relative frequencies. */
const TROUBLES = { fail: 2, empty: 1, malformed: 1, hang: 2, slow: 2 };

/**
 * Draws changes of the server lists. Each process learns of a change at another time or never, so
 * the lists may differ. Half of the schedules with several servers have no change.
 */
export function makeLists(
    random: Random,
    { processes, servers, parts }: Pick<Plan, 'processes' | 'servers' | 'parts'>,
    durationMs: number,
): { readonly lists: Plan['lists']; readonly changes: readonly Fault[] } {
    if (servers === 1) return { lists: { failover: false, discoveryMs: 0 }, changes: [] };
    const failover = random.chance(0.25);
    if (random.chance(0.5)) return { lists: { failover, discoveryMs: 0 }, changes: [] };
    const isClient = parts.includes('client');
    const discoveryMs = isClient ? 0 : random.pick([20, 200, 2000]);
    const when = (): { readonly atMs: number; readonly process: number } => ({
        atMs: random.chance(0.2) ? 0 : Math.round(random.between(0, durationMs) * 10) / 10,
        process: random.int(0, processes - 1),
    });
    const changes: Fault[] = Array.from({ length: random.int(1, 6) }, () => ({
        kind: 'list',
        ...when(),
        members: isClient && random.chance(0.05) ? [] : makeMembers(random, servers, isClient),
    }));
    if (!isClient && random.chance(0.4)) {
        const how = random.weighted(TROUBLES);
        changes.push({ kind: 'discovery', ...when(), how, forMs: random.pick([100, 1000, 15_000]) });
    }
    return { lists: { failover, discoveryMs }, changes };
}

/** Adds list changes between the calls of a client, for example during a batch. */
export function withChanges({ process, steps }: Task, random: Random, plan: Plan): Task {
    const changed = steps.map((step): Step => {
        const isLarge = random.chance(0.2);
        if (random.chance(0.06)) {
            const members = makeMembers(random, plan.servers, true);
            return {
                ...step,
                verb: 'change servers',
                keys: [],
                times: members.flatMap(one => [one.server, one.weight]),
            };
        }
        if (step.verb !== 'setMany' || !isLarge || !hasTimeFor(LARGE_BATCH.length * LARGE_BYTES, plan)) return step;
        return { ...step, keys: LARGE_BATCH, bytes: LARGE_BYTES, isAwaited: false };
    });
    return { process, steps: changed };
}

/**
 * Returns whether the bytes pass in half of a timeout. The other half is for connecting and the
 * login.
 */
function hasTimeFor(bytes: number, { windowBytes, latencyMs, jitterMs, client }: Plan): boolean {
    const rounds = Math.ceil(bytes / windowBytes);
    return 2 * rounds * (latencyMs + jitterMs) <= client.requestTimeoutMs / 2;
}

function makeMembers(random: Random, servers: number, hasWeights: boolean): Member[] {
    const all = Array.from({ length: servers }, (_, server) => ({
        server,
        weight: hasWeights ? random.pick([1, 1, 1, 3]) : 1,
    }));
    const some = all.filter(() => random.chance(0.6));
    return some.length === 0 ? [random.pick(all)] : some;
}
