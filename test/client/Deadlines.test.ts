import * as fc from 'fast-check';
import { Deadlines, Timed } from '../../src/client/Deadlines';

class Entry extends Timed {
    readonly isAwaited = true;

    constructor(private readonly expired: Timed[]) {
        super();
    }

    override expire(): void {
        this.expired.push(this);
    }
}

/** Resolves when none is left. */
const isEmpty = (deadlines: Deadlines) => new Promise<void>(resolve => (deadlines.onEmpty = resolve));

it('expires what enters and leaves in any order by deadline', async () => {
    const step = fc.tuple(fc.integer({ min: 0, max: 20 }), fc.boolean());
    await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 100 }), async steps => {
            const deadlines = new Deadlines();
            const expired: Timed[] = [];
            const begun = performance.now();
            const entries = steps.map(([ms, isLeaving], i) => {
                const entry = new Entry(expired);
                deadlines.add(entry, begun + ms);
                return isLeaving && i % 2 === 0 ? (deadlines.remove(entry), null) : entry;
            });
            const staying = entries.filter(entry => entry !== null);
            if (staying.length > 0) await isEmpty(deadlines);
            expect(expired.length).toBe(staying.length);
            expect(new Set(expired)).toEqual(new Set(staying));
            for (let i = 1; i < expired.length; i++)
                expect(expired[i]!.deadlineMs).toBeGreaterThanOrEqual(expired[i - 1]!.deadlineMs);
            deadlines.stop();
        }),
        { numRuns: 50 },
    );
});

it('takes the chunks of a batch, whose deadline has passed out of order, without looking at all later ones', () => {
    const deadlines = new Deadlines();
    const now = performance.now();
    for (let i = 0; i < 100_000; i++) deadlines.add(new Entry([]), now + 60_000 + i);
    const begun = performance.now();
    for (let i = 0; i < 50_000; i++) {
        const chunk = new Entry([]);
        deadlines.add(chunk, now + 50_000);
        if (i % 2 === 0) deadlines.remove(chunk);
    }
    // Walking over the later ones takes some ten seconds.
    expect(performance.now() - begun).toBeLessThan(2000);
    expect(deadlines.size).toBe(125_000);
    deadlines.stop();
});
