import type { Direction } from '../network/Network';
import type { Random } from '../world/Random';
import type { Fault, Plan } from './Plan';

/** Relative frequencies. */
const KINDS = {
    restart: 2,
    suspend: 3,
    slow: 1,
    full: 1,
    skip: 1,
    evict: 0.5,
    stall: 3,
    vanish: 1,
    cut: 2,
    stick: 2,
    lose: 5,
    hold: 2,
    kill: 0.5,
    clock: 0.5,
};

const LOSSES = { fin: 3, reset: 3, silence: 3, repeat: 2 };

/** Draws the faults. About a third of the schedules have no faults. */
export function makeFaults(
    random: Random,
    { processes, servers, client }: Pick<Plan, 'processes' | 'servers' | 'client'>,
    durationMs: number,
): Fault[] {
    if (random.chance(0.3)) return [];
    const times = { short: 1, medium: client.requestTimeoutMs, long: 5 * client.requestTimeoutMs };
    const faults = Array.from({ length: random.int(1, 6) }, () => {
        const forMs = Math.round(times[random.weighted({ short: 2, medium: 4, long: 2 })] * random.between(0.5, 1.5));
        const how = random.pick(['fin', 'reset'] as const);
        const common: Common = {
            atMs: Math.round(random.between(0, durationMs) * 10) / 10,
            server: random.int(0, servers - 1),
            process: random.int(0, processes - 1),
            forMs,
            how,
            direction: random.weighted({ both: 2, toServer: 1, toClient: 2 }),
        };
        return toFault(random.weighted(KINDS), common, random);
    });
    // Locks tolerate only one skipped second.
    const isFirst = ({ kind }: Fault, at: number): boolean => at === faults.findIndex(one => one.kind === kind);
    return faults.filter((fault, i) => fault.kind !== 'skip' || isFirst(fault, i));
}

interface Common {
    readonly atMs: number;
    readonly server: number;
    readonly process: number;
    readonly forMs: number;
    readonly how: 'fin' | 'reset';
    readonly direction: Direction;
}

function toFault(
    kind: keyof typeof KINDS,
    { atMs, server, process, forMs, how, direction }: Common,
    random: Random,
): Fault {
    switch (kind) {
        case 'restart':
            return { kind, atMs, server, downMs: forMs, how };
        case 'suspend':
        case 'full':
            return { kind, atMs, server, forMs };
        case 'slow':
            return { kind, atMs, server, forMs, times: random.pick([10, 100]) };
        case 'skip':
            return { kind, atMs, server };
        case 'evict':
            return {
                kind,
                atMs,
                server,
                key: random.pick(['k1', 'n1', 'c:v1', 'c:#namespace', 'c:d1', 'c:u1', 'lock:l1']),
            };
        case 'stall':
            return { kind, atMs, server, process, direction, forMs };
        case 'vanish':
            return { kind, atMs, server, process, direction };
        case 'stick':
            return { kind, atMs, server, process, forMs };
        case 'lose':
            return { kind, atMs, server, process, how: random.weighted(LOSSES) };
        case 'cut':
            return { kind, atMs, server, process, how };
        case 'hold':
            return { kind, atMs, process, forMs };
        case 'kill':
            return { kind, atMs, process };
        case 'clock':
            return { kind, atMs, process, byMs: random.pick([-10_000, -500, 500, 10_000]) };
    }
}
