import { SideBySide } from '../support/sideBySide';
import { POOL_SIZE, play, type Report } from './runScenario';
import { scenarios } from './scenarios';
import { publish } from './table';

/** The limit leaves time for servers that a busy machine delays. */
const RECOVERY_MS = 3000;
const CLOSING_MS = 500;
/** Most scenarios wait. More concurrent scenarios would delay each other. */
const AT_ONCE = 2;

describe('a client whose server or network fails', () => {
    const reports = new Map<string, Report>();
    const plays = new SideBySide(AT_ONCE);

    afterAll(() => publish(scenarios.flatMap(({ name }) => reports.get(name) ?? [])));

    for (const scenario of scenarios) {
        plays.it(`settles every call correctly: ${scenario.name}`, async open => {
            const report = await play(scenario, open);
            reports.set(scenario.name, report);

            expect(report).toMatchObject({ wrong: [], flaws: [], unexpected: [], late: 0, settled: report.calls });
            expect(report.recoveredMs).toBeLessThan(RECOVERY_MS);
            expect(report.closedMs).toBeLessThan(report.timeoutMs + CLOSING_MS);
            expect(report.sockets).toBeLessThanOrEqual(POOL_SIZE);
            expect(report.leftOpen).toEqual({ sockets: 0, pending: 0, timers: 0 });
        });
    }
});
