import type { Random } from '../world/Random';
import type { Step } from './Plan';

const ANY = { get: 6, gets: 4, getText: 2, getMany: 3, touch: 1, getAndTouch: 1, checkHealth: 0.3 };
const VALUES = {
    ...ANY,
    set: 6,
    add: 2,
    replace: 2,
    delete: 2,
    getAndDelete: 1,
    setMany: 2,
    deleteMany: 1,
    casAdd: 2,
    casSet: 4,
    casDelete: 1,
};
const SERVERS = { noop: 1, version: 0.5, stats: 0.5, 'close client': 0.5, 'open client': 1 };
export const LARGE_BATCH = Array.from({ length: 20 }, (_, i) => `b${i}`);

type Kind = 'value' | 'counter' | 'text' | 'server';

/** Draws a call of the client. */
export function clientStep(random: Random, id: number, pace: number, count: number): Step {
    const kind = random.weighted({ value: 8, counter: 2, text: 2, server: 0.6 });
    const verb = pickVerb(random, kind);
    const keys = pickKeys(random, kind, verb, count);
    const bytes = random.weighted({ small: 20, medium: 2, large: 1 });
    return {
        id,
        pauseMs: random.chance(0.4) ? 0 : random.int(0, 2 * pace),
        isAwaited: random.chance(0.6),
        verb,
        keys,
        bytes: { small: 0, medium: 5000, large: keys.length > 10 ? 14_000 : 70_000 }[bytes],
        times: [random.pick([0, 0, 1, 2, 5])],
        amount: id,
    };
}

function pickVerb(random: Random, kind: Kind): string {
    switch (kind) {
        case 'value':
            return random.weighted(VALUES);
        case 'counter':
            return random.weighted({ increment: 6, decrement: 2, get: 1, delete: 0.5 });
        case 'text':
            return random.weighted({ append: 4, prepend: 2, set: 1, add: 1, get: 1 });
        case 'server':
            return random.weighted(SERVERS);
    }
}

function pickKeys(random: Random, kind: Kind, verb: string, count: number): string[] {
    const one = (letter: string): string => `${letter}${random.int(1, count)}`;
    if (kind === 'server' || verb === 'checkHealth') return [];
    if (kind === 'counter') return [one('n')];
    if (kind === 'text') return [one('t')];
    if (!verb.endsWith('Many')) return [one('k')];
    if (random.chance(0.2)) return LARGE_BATCH;
    return Array.from({ length: count }, (_, i) => `k${i + 1}`).filter(() => random.chance(0.7));
}
