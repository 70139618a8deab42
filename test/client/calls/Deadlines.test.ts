import fc from 'fast-check';
import { Deadline, Deadlines, type Timed } from '../../../src/client/calls/Deadlines';

beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate', 'clearImmediate'] }));
afterEach(() => jest.useRealTimers());

/** Advances the fake clock, then waits for the event loop turn that follows the last timer. */
async function pass(ms: number): Promise<void> {
    jest.advanceTimersByTime(ms);
    await new Promise(setImmediate);
}

/** An item that records its name when it expires. */
class Item implements Timed {
    constructor(
        private readonly name: string,
        private readonly expired: string[],
    ) {}

    expire(): void {
        this.expired.push(this.name);
    }
}

describe('Deadlines', () => {
    let deadlines: Deadlines;
    let expired: string[];
    const add = (name: string, ms: number): Deadline => {
        const deadline = new Deadline(new Item(name, expired), ms, true);
        deadlines.add(deadline);
        return deadline;
    };

    beforeEach(() => {
        deadlines = new Deadlines();
        expired = [];
    });

    it('expires and releases each item at its deadline, not before', async () => {
        add('a', 100);
        add('b', 300);
        await pass(99);
        expect(expired).toEqual([]);
        await pass(1);
        expect([expired, deadlines.size]).toEqual([['a'], 1]);
        await pass(200);
        expect([expired, deadlines.size, deadlines.timerCount]).toEqual([['a', 'b'], 0, 0]);
    });

    it('expires items in the order of their deadlines, whatever the order of insertion', async () => {
        await fc.assert(
            fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 20 }), async offsets => {
                expired.length = 0;
                const nowMs = performance.now();
                for (const offset of offsets) add(String(offset), nowMs + offset);
                await pass(100);
                expect(expired.map(Number)).toEqual([...offsets].sort((a, b) => a - b));
            }),
        );
    });

    it('does not expire a removed item, and ignores a second removal', async () => {
        const [first, second] = [add('a', 100), add('b', 100)];
        add('c', 100);
        deadlines.remove(second);
        deadlines.remove(second);
        deadlines.remove(first);
        expect(deadlines.size).toBe(1);
        await pass(100);
        expect(expired).toEqual(['c']);
    });

    it('uses one timer for all items, and no timer when all items have expired', async () => {
        expect([deadlines.timerCount, jest.getTimerCount()]).toEqual([0, 0]);
        for (let i = 0; i < 100; i++) add('a', 1000 - i);
        expect([deadlines.timerCount, jest.getTimerCount()]).toEqual([1, 1]);
        await pass(1000);
        expect([expired.length, jest.getTimerCount()]).toEqual([100, 0]);
    });

    it('sets at most one timer per timeout while items leave in time', async () => {
        const setTimer = jest.spyOn(globalThis, 'setTimeout');
        for (let i = 0; i < 1000; i++) {
            deadlines.remove(add('a', performance.now() + 1000));
            await pass(2);
        }
        expect(expired).toEqual([]);
        expect(setTimer.mock.calls.length).toBeLessThanOrEqual(3);
    });

    it('does not expire an item whose answer arrives in time at a busy process', async () => {
        const item = add('a', 100);
        // Node runs socket reads after the timer of the deadlines and before its immediate.
        setTimeout(() => deadlines.remove(item), 100);
        await pass(100);
        expect(expired).toEqual([]);
    });

    it('calls onEmpty each time the last item leaves', async () => {
        const onEmpty = jest.fn();
        deadlines.onEmpty = onEmpty;
        const [first, second] = [add('a', 100), add('b', 200)];
        deadlines.remove(first);
        expect(onEmpty).not.toHaveBeenCalled();
        deadlines.remove(second);
        expect(onEmpty).toHaveBeenCalledTimes(1);
        add('c', 300);
        await pass(300);
        expect(onEmpty).toHaveBeenCalledTimes(2);
    });

    it('expires nothing after stop until another item arrives', async () => {
        add('a', 100);
        deadlines.stop();
        await pass(1000);
        expect([expired, deadlines.timerCount, jest.getTimerCount()]).toEqual([[], 0, 0]);
        add('b', 2000);
        await pass(1000);
        expect(expired).toEqual(['a', 'b']);
    });

    it('expires the remaining items in order, whatever the order of arrivals and removals', async () => {
        const step = fc.tuple(fc.integer({ min: 1, max: 100 }), fc.boolean());
        await fc.assert(
            fc.asyncProperty(fc.array(step, { maxLength: 100 }), async steps => {
                expired.length = 0;
                const now = performance.now();
                const staying: number[] = [];
                for (const [ms, isLeaving] of steps) {
                    const item = add(String(ms), now + ms);
                    if (isLeaving) deadlines.remove(item);
                    else staying.push(ms);
                }
                await pass(101);
                expect(expired).toEqual(staying.sort((a, b) => a - b).map(String));
            }),
        );
    });

    it('waits in steps for a deadline beyond the maximum timer delay', async () => {
        const longestMs = 2 ** 31 - 1;
        const setTimeout = jest.spyOn(globalThis, 'setTimeout');
        add('far', performance.now() + 1.5 * longestMs);
        await pass(longestMs + 1);
        expect(expired).toEqual([]);
        await pass(longestMs);
        expect(expired).toEqual(['far']);
        for (const [, ms] of setTimeout.mock.calls) expect(ms).toBeLessThanOrEqual(longestMs);
        expect(setTimeout).toHaveBeenCalledTimes(2);
    });

    it('adds the chunks of a batch without a scan of all later deadlines', () => {
        const now = performance.now();
        for (let i = 0; i < 100_000; i++) add('later', now + 60_000 + i);
        jest.useRealTimers();
        const begun = performance.now();
        for (let i = 0; i < 50_000; i++) {
            const chunk = add('chunk', now + 50_000);
            if (i % 2 === 0) deadlines.remove(chunk);
        }
        // A scan of the later deadlines takes about ten seconds.
        expect(performance.now() - begun).toBeLessThan(2000);
        expect(deadlines.size).toBe(125_000);
        deadlines.stop();
    });
});
