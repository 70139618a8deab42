import { LatencyWindows } from '../../src/diagnostics/LatencyWindows';

describe('the last minute of LatencyWindows', () => {
    /** Records each value in microseconds at its second, then rotates to the last second. */
    function at(recorded: readonly (readonly [number, number])[], lookSecond: number): LatencyWindows {
        const latencies = new LatencyWindows(0);
        for (const [second, us] of recorded) {
            latencies.rotate(second * 1000);
            latencies.record(us);
        }
        latencies.rotate(lookSecond * 1000);
        return latencies;
    }

    it('contains values of the last 30 seconds, and no value older than 60', () => {
        const recorded = [0, 10, 20, 29].map(second => [second, 1000] as const);
        expect(at(recorded, 29).lastMinute.count).toBe(4);
        expect(at(recorded, 31).lastMinute.count).toBe(4);
        expect(at(recorded, 62).lastMinute).toEqual({ count: 0, p50: null, p99: null, max: null });
        expect(at(recorded, 62).total).toEqual({ count: 4, p50: 1, p99: 1, max: 1 });
        expect(at(recorded, 100_000).lastMinute.count).toBe(0);
    });

    it('covers at most a minute even after a pause without reads and writes', () => {
        const latencies = new LatencyWindows(0);
        latencies.record(1000);
        latencies.rotate(45_000);
        expect(latencies.lastMinute.count).toBe(1);
        latencies.rotate(61_000);
        expect(latencies.lastMinute.count).toBe(0);
        expect(latencies.total.count).toBe(1);
    });

    it('always covers the last 30 seconds and at most 60, while the total covers all', () => {
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
