import { LatencyHistogram } from '../../src/diagnostics/LatencyHistogram';

function of(values: readonly number[]): LatencyHistogram {
    const histogram = new LatencyHistogram();
    for (const us of values) histogram.record(us);
    return histogram;
}

describe('LatencyHistogram', () => {
    it('has no percentiles when it is empty', () => {
        expect(new LatencyHistogram().percentile(50)).toBeNull();
    });

    it('is accurate to 1/32 from one microsecond to its maximum', () => {
        for (let us = 1; us < 2 ** 31; us = Math.ceil(us * 1.01)) {
            // Two larger values ensure that the result is not the exact maximum.
            const ms = of([us, 2 ** 31 - 1, 2 ** 31 - 1]).percentile(1)!;
            expect(Math.abs(ms * 1000 - us) / us).toBeLessThanOrEqual(1 / 32);
        }
    });

    it('returns every percentile of values in any order', () => {
        const values = Array.from({ length: 10_000 }, (_, i) => ((i * 7919) % 10_000) + 1);
        const histogram = of(values);
        for (const percent of [1, 10, 50, 90, 99, 99.9, 100]) {
            const exact = percent * 100;
            expect(Math.abs(histogram.percentile(percent)! * 1000 - exact) / exact).toBeLessThan(0.05);
        }
        expect([histogram.count, histogram.maxUs]).toEqual([10_000, 10_000]);
    });

    it('never returns more than the maximum value', () => {
        for (let us = 0; us < 5000; us++) expect(of([us]).percentile(99)).toBeLessThanOrEqual(us / 1000);
    });

    it('counts more calls than a process makes in years', () => {
        const years = of([10]);
        // The count doubles 40 times.
        for (let i = 0; i < 40; i++) years.add(years);
        years.add(of([5000]));
        expect([years.count, years.percentile(99.9)]).toEqual([2 ** 40 + 1, 0.01]);
    });

    it('sums histograms, and is empty after clear', () => {
        const sum = of([10, 10, 10]);
        sum.add(of([5000]));
        expect([sum.count, sum.maxUs, sum.percentile(50), sum.percentile(76)]).toEqual([4, 5000, 0.01, 4.992]);
        sum.clear();
        expect([sum.count, sum.maxUs, sum.percentile(50)]).toEqual([0, 0, null]);
    });
});
