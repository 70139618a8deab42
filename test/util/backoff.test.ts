import { backoffMs } from '../../src/util/backoff';

const pauses = (backoff: Parameters<typeof backoffMs>[1]): number[] =>
    [0, 1, 2, 3, 4].map(retry => backoffMs(retry, backoff));

afterEach(() => jest.restoreAllMocks());

describe('backoffMs', () => {
    it('doubles the pause up to the maximum', () => {
        expect(pauses({ firstMs: 100, maxMs: 1000, jitter: 0 })).toEqual([100, 200, 400, 800, 1000]);
    });

    it('grows by a given factor, or stays constant', () => {
        expect(pauses({ firstMs: 10, maxMs: 1000, factor: 3, jitter: 0 })).toEqual([10, 30, 90, 270, 810]);
        expect(pauses({ firstMs: 10, maxMs: 1000, factor: 1, jitter: 0 })).toEqual([10, 10, 10, 10, 10]);
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
