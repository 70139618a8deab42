import { backoffMs, pollPauseMs } from '../../src/util/backoff';

const pauses = (backoff: Parameters<typeof backoffMs>[1]): number[] =>
    [0, 1, 2, 3, 4].map(retry => backoffMs(retry, backoff));

const LONGEST_MS = 100;

/** Returns the times of the polls of one waiter. The first poll is the one at 0 ms. */
function pollsUntil(endMs: number, longestMs = LONGEST_MS): number[] {
    const polls = [0];
    for (let atMs = 0; atMs <= endMs; polls.push(atMs)) atMs += pollPauseMs(atMs, longestMs);
    return polls;
}

/** Returns the share of the wait by which a waiter notices a change late, for a change at `atMs`. */
function lateness(atMs: number): number {
    return (pollsUntil(atMs).at(-1)! - atMs) / atMs;
}

afterEach(() => jest.restoreAllMocks());

describe('backoffMs', () => {
    it('doubles the pause up to the maximum', () => {
        expect(pauses({ firstMs: 100, maxMs: 1000, jitter: 0 })).toEqual([100, 200, 400, 800, 1000]);
    });

    it('returns the maximum after any number of retries', () => {
        expect(backoffMs(1e6, { firstMs: 1, maxMs: 1000, jitter: 0 })).toBe(1000);
    });

    it('shortens the pause by at most the jitter', () => {
        const random = jest.spyOn(Math, 'random');
        random.mockReturnValue(0);
        expect(backoffMs(1, { firstMs: 100, maxMs: 1000, jitter: 0.25 })).toBe(200);
        random.mockReturnValue(0.5);
        expect(backoffMs(1, { firstMs: 100, maxMs: 1000, jitter: 0.25 })).toBe(175);
    });
});

describe('pollPauseMs', () => {
    it('returns a quarter of the wait, from a tenth of the longest pause to the longest pause', () => {
        jest.spyOn(Math, 'random').mockReturnValue(0.5);
        const pauses = [0, 40, 41, 100, 200, 399, 400, 1e9].map(waitedMs => pollPauseMs(waitedMs, LONGEST_MS));
        expect(pauses).toEqual([10, 10, 10.25, 25, 50, 99.75, 100, 100]);
    });

    it.each([
        [0, 0.5],
        [1 - Number.EPSILON, 1.5],
    ])('varies the pause by half of it with a random number of %p', (random, share) => {
        jest.spyOn(Math, 'random').mockReturnValue(random);
        expect(pollPauseMs(0, LONGEST_MS)).toBeCloseTo(10 * share);
        expect(pollPauseMs(1e9, LONGEST_MS)).toBeCloseTo(100 * share);
    });

    it('pauses longer while many callers share their polls, up to the longest pause', () => {
        jest.spyOn(Math, 'random').mockReturnValue(0.5);
        const pauses = [1, 2, 9, 10, 1000].map(sharers => pollPauseMs(0, LONGEST_MS, sharers));
        expect(pauses).toEqual([10, 20, 90, 100, 100]);
        expect(pollPauseMs(200, LONGEST_MS, 3)).toBe(50);
    });

    it('notices a change within 3/8 of the wait, after the shortest pauses', () => {
        for (let i = 0; i < 2000; i++) expect(lateness(40 + Math.random() * 1000)).toBeLessThanOrEqual(0.375);
    });

    it('costs few polls more than constant pauses, whatever the length of the wait', () => {
        jest.spyOn(Math, 'random').mockReturnValue(0.5);
        for (const waitMs of [1000, 60_000, 3_600_000]) {
            expect(pollsUntil(waitMs).length - waitMs / LONGEST_MS).toBeLessThan(13);
        }
    });
});
