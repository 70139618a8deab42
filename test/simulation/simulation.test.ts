import { seed } from '../support/random';
import { REGRESSIONS } from './regressions';
import { explain } from './report';
import { search } from './search';

const FIXED = 200;
const RANDOM = 200;
/** A busy machine plays fewer of them. */
const LONGEST_MS = 3000;
/** To play one schedule, and to explain one that fails. */
const TIMEOUT_MS = 120_000;

function* range(from: number, count: number): Iterable<number> {
    for (let i = 0; i < count; i++) yield from + i;
}

/** Plays them, and says of the first that fails why. */
async function expectNone(seeds: Iterable<number>, longestMs = Infinity): Promise<void> {
    const endMs = performance.now() + longestMs;
    const { failed } = await search(seeds, found => found > 0 || performance.now() > endMs);
    expect(failed.length === 0 ? [] : await explain(failed[0]!)).toEqual([]);
}

describe('a simulated schedule', () => {
    it('finds no violation in the first ones', () => expectNone(range(1, FIXED), LONGEST_MS), TIMEOUT_MS);

    it('finds no violation in random ones', () => expectNone(range(1000 + seed(), RANDOM), LONGEST_MS), TIMEOUT_MS);

    it('finds no violation where it once did', () => expectNone(REGRESSIONS.map(one => one.seed)), TIMEOUT_MS);
});
