import type { Random } from '../world/Random';
import type { Step } from './Plan';

const VERBS = {
    tryAcquireLease: 4,
    acquireLease: 4,
    extendLease: 4,
    releaseLease: 5,
    withLock: 4,
    tryAcquireLock: 1,
    acquireLock: 1,
    extendLock: 1,
    releaseLock: 1,
    'check lock': 0.2,
    'close lock': 0.2,
    'open lock': 0.4,
};
const WITHOUT_KEY = new Set(['check lock', 'close lock', 'open lock']);

/** Draws a call of the lock. */
export function lockStep(random: Random, id: number, pace: number, count: number): Step {
    const verb = random.weighted(VERBS);
    const ttlMs = random.pick([300, 1000, 1000, 2500, 5000]);
    const timeoutMs = random.pick([0, 100, 1000]);
    const workMs = random.pick([1, 100, 1000]);
    return {
        id,
        pauseMs: random.chance(0.3) ? 0 : random.int(0, 5 * pace),
        isAwaited: random.chance(0.7),
        verb,
        keys: WITHOUT_KEY.has(verb) ? [] : [`l${random.int(1, Math.min(2, count))}`],
        bytes: 0,
        times: [ttlMs, timeoutMs, workMs],
        amount: id,
    };
}
