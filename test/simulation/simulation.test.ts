import { seed } from '../support/random';
import { REGRESSIONS } from './regressions';
import { explain } from './report';
import { search } from './search';

const FIXED = 200;
const RANDOM = 200;
/** A busy machine plays fewer of the random ones. */
const LONGEST_MS = 5000;

function* range(from: number, count: number): Iterable<number> {
    for (let i = 0; i < count; i++) yield from + i;
}

/** Plays them, and says of the first that fails why. */
async function expectNone(seeds: Iterable<number>, isOver: () => boolean = () => false): Promise<void> {
    const { failed } = await search(seeds, isOver);
    expect(failed.length === 0 ? [] : await explain(failed[0]!)).toEqual([]);
}

describe('a simulated schedule', () => {
    it('finds no violation in the first ones', () => expectNone(range(1, FIXED)));

    it('finds no violation in random ones', async () => {
        const endMs = performance.now() + LONGEST_MS;
        const clock = performance.now.bind(performance);
        await expectNone(range(1000 + seed(), RANDOM), () => clock() > endMs);
    });

    it('finds no violation where it once did', () => expectNone(REGRESSIONS.map(one => one.seed)));
});
