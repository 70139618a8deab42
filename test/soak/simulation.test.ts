import { explain } from '../simulation/report';
import { search } from '../simulation/search';
import { seed } from '../support/random';
import { soakMs } from './soakMs';

/** The first seed, far from the seeds of `npm test`. */
const FROM = 1_000_000;

function* seeds(): Iterable<number> {
    for (let next = FROM + (seed() % 1_000_000_000); ; next++) yield next;
}

it('finds no violation in new schedules', async () => {
    const endMs = performance.now() + soakMs(20_000);
    const { failed, schedules } = await search(seeds(), found => found > 0 || performance.now() > endMs);
    expect(failed.length === 0 ? [] : await explain(failed[0]!)).toEqual([]);
    expect(schedules).toBeGreaterThan(0);
});
