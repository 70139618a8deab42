import { Latencies } from '../../src/client/Latencies';
import { LatencyHistogram } from '../../src/client/LatencyHistogram';

function of(values: readonly number[]): LatencyHistogram {
    const histogram = new LatencyHistogram();
    for (const us of values) histogram.record(us);
    return histogram;
}

describe('a histogram', () => {
    it('has no percentiles of nothing', () => {
        expect(new LatencyHistogram().percentile(50)).toBeNull();
    });

    it('is at most 5 % off, from one microsecond to its greatest', () => {
        for (let us = 1; us < 2 ** 31; us = Math.ceil(us * 1.01)) {
            // Two larger ones, so that the greatest value does not help.
            const ms = of([us, 2 ** 31 - 1, 2 ** 31 - 1]).percentile(1)!;
            expect(Math.abs(ms * 1000 - us) / us).toBeLessThan(0.05);
        }
    });

    it('knows every percentile of values in any order', () => {
        const values = Array.from({ length: 10_000 }, (_, i) => ((i * 7919) % 10_000) + 1);
        const histogram = of(values);
        for (const percent of [1, 10, 50, 90, 99, 99.9, 100]) {
            const exact = percent * 100;
            expect(Math.abs(histogram.percentile(percent)! * 1000 - exact) / exact).toBeLessThan(0.05);
        }
        expect([histogram.count, histogram.maxUs]).toEqual([10_000, 10_000]);
    });

    it('never says more than the greatest value', () => {
        for (let us = 0; us < 5000; us++) expect(of([us]).percentile(99)).toBeLessThanOrEqual(us / 1000);
    });

    it('counts for as long as a process runs', () => {
        const years = of([10]);
        // Doubled 40 times.
        for (let i = 0; i < 40; i++) years.add(years);
        years.add(of([5000]));
        expect([years.count, years.percentile(99.9)]).toEqual([2 ** 40 + 1, 0.01]);
    });

    it('adds up, and can be cleared', () => {
        const sum = of([10, 10, 10]);
        sum.add(of([5000]));
        expect([sum.count, sum.maxUs, sum.percentile(50), sum.percentile(76)]).toEqual([4, 5000, 0.01, 4.992]);
        sum.clear();
        expect([sum.count, sum.maxUs, sum.percentile(50)]).toEqual([0, 0, null]);
    });
});

describe('the last minute', () => {
    /** What was recorded at these seconds, each as so many microseconds, and what is said at the last. */
    function at(recorded: readonly (readonly [number, number])[], lookSecond: number): Latencies {
        const latencies = new Latencies(0);
        for (const [second, us] of recorded) {
            latencies.pass(second * 1000);
            latencies.record(us);
        }
        latencies.pass(lookSecond * 1000);
        return latencies;
    }

    it('has what is up to 30 seconds old, and forgets what is older than 60', () => {
        const recorded = [0, 10, 20, 29].map(second => [second, 1000] as const);
        expect(at(recorded, 29).lastMinute.count).toBe(4);
        expect(at(recorded, 31).lastMinute.count).toBe(4);
        expect(at(recorded, 62).lastMinute).toEqual({ count: 0, p50: null, p99: null, max: null });
        expect(at(recorded, 62).total).toEqual({ count: 4, p50: 1, p99: 1, max: 1 });
        expect(at(recorded, 100_000).lastMinute.count).toBe(0);
    });

    it('does not grow longer because nobody looked for a while', () => {
        const latencies = new Latencies(0);
        latencies.record(1000);
        latencies.pass(45_000);
        expect(latencies.lastMinute.count).toBe(1);
        latencies.pass(61_000);
        expect(latencies.lastMinute.count).toBe(0);
        expect(latencies.total.count).toBe(1);
    });

    it('always holds the last 30 seconds, never more than 60, and the total holds all', () => {
        const recorded = Array.from({ length: 600 }, (_, second) => [second, second] as const);
        for (let look = 0; look < 600; look += 7) {
            const { lastMinute, total } = at(recorded.slice(0, look + 1), look);
            expect(total.count).toBe(look + 1);
            expect(lastMinute.count).toBeGreaterThanOrEqual(Math.min(look + 1, 30));
            expect(lastMinute.count).toBeLessThanOrEqual(60);
            expect(lastMinute.max).toBe(look / 1000);
        }
    });
});
