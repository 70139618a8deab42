import { POOL_SIZE, play } from './play';
import type { Report } from './play';
import { scenarios } from './scenarios';
import { publish } from './table';

const RECOVERY_MS = 1000;

describe('Whatever breaks, nothing hangs and nothing lies:', () => {
    const reports: Report[] = [];

    afterAll(() => publish(reports));

    it.each(scenarios.map(scenario => [scenario.name, scenario] as const))('%s', async (_, scenario) => {
        const report = await play(scenario);
        reports.push(report);

        expect(report).toMatchObject({ wrong: [], flaws: [], unexpected: [], late: 0, settled: report.calls });
        expect(report.recoveredMs).toBeLessThan(RECOVERY_MS + report.lagMs);
        expect(report.closedMs).toBeLessThan(report.timeoutMs + 100 + report.lagMs);
        expect(report.sockets).toBeLessThanOrEqual(POOL_SIZE);
        expect(report.leftOpen).toEqual({ sockets: 0, pending: 0, timers: 0 });
    });
});
