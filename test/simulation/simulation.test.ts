import { seed } from '../support/random';
import { REGRESSIONS } from './regressions';
import { explain } from './report';
import type { ProtocolChoice } from './schedule/makeProtocols';
import { search } from './search';

const FIXED = 200;
const RANDOM = 200;
/** Maximum time of each test. In this time a busy machine plays fewer schedules. */
const MAX_MS = 3000;
/** Time to play one schedule, or to shrink a failing schedule. */
const TIMEOUT_MS = 120_000;

function* range(from: number, count: number): Iterable<number> {
    for (let i = 0; i < count; i++) yield from + i;
}

/** Plays schedules until a schedule fails, and explains that schedule. */
async function expectNoViolation(seeds: Iterable<number>, maxMs = Infinity, protocol?: ProtocolChoice): Promise<void> {
    const endMs = performance.now() + maxMs;
    const { failed } = await search(seeds, found => found > 0 || performance.now() > endMs, protocol);
    expect(failed.length === 0 ? [] : await explain(failed[0]!, protocol)).toEqual([]);
}

describe('a simulated schedule', () => {
    it('has no violation for the first seeds', () => expectNoViolation(range(1, FIXED), MAX_MS), TIMEOUT_MS);

    it('has no violation for random seeds', () => expectNoViolation(range(1000 + seed(), RANDOM), MAX_MS), TIMEOUT_MS);

    it(
        'has no violation for a seed that has found a defect',
        async () => {
            for (const { seed: one, protocol = 'binary' } of REGRESSIONS)
                await expectNoViolation([one], Infinity, protocol);
        },
        TIMEOUT_MS,
    );
});
