import type { Random } from '../world/Random';
import type { Step } from './Plan';

type Kind = 'value' | 'counter' | 'text' | 'list' | 'loaded' | 'server';

const VERBS: Readonly<Record<Kind, Readonly<Record<string, number>>>> = {
    value: {
        retrieve: 5,
        store: 5,
        remove: 2,
        contains: 1,
        'touch value': 1,
        retrieveAndTouch: 1,
        'add value': 2,
        'replace value': 2,
        retrieveMany: 2,
        storeMany: 2,
        removeMany: 1,
    },
    counter: { count: 5, retrieve: 1 },
    text: { 'append text': 4, 'prepend text': 2, store: 2, retrieve: 1 },
    list: { update: 6, retrieve: 1, remove: 0.5 },
    loaded: { retrieveOrLoad: 8, publish: 2, retrieve: 1, retrieveMany: 0.5 },
    server: { 'check cache': 1, 'close cache': 0.7, 'open cache': 1.5 },
};
const LETTERS = { value: 'v', counter: 'n', text: 't', list: 'u', loaded: 'd', server: '' };

/** Draws a call of the cache. */
export function cacheStep(random: Random, id: number, pace: number, count: number): Step {
    const kind = random.weighted({ value: 5, counter: 1, text: 1.5, list: 2.5, loaded: 6, server: 0.3 });
    const verb = random.weighted(VERBS[kind]);
    const all = Array.from({ length: count }, (_, i) => `${LETTERS[kind]}${i + 1}`);
    const keys = verb.endsWith('Many') ? all.filter(() => random.chance(0.7)) : [random.pick(all)];
    return {
        id,
        pauseMs: random.chance(0.4) ? 0 : random.int(0, 4 * pace),
        isAwaited: random.chance(0.5),
        verb,
        keys: kind === 'server' ? [] : keys,
        bytes: random.weighted({ small: 20, large: 1 }) === 'small' ? 0 : 70_000,
        times: [
            random.pick([1000, 2000, 10_000]),
            random.pick([0, 5, 100, 1000]),
            random.pick([0, 0, 5000]),
            random.pick([0, 0, 1000]),
        ],
        amount: id,
    };
}
