import { ComponentCounters } from '../../src/component/ComponentCounters';
import { ComponentLogger } from '../../src/component/ComponentLogger';
import { LockMetrics } from '../../src/lock/LockMetrics';
import { RecordingLogger } from '../support/RecordingLogger';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

function create() {
    const logger = new RecordingLogger();
    const log = new ComponentLogger();
    log.setReferences(logger.references());
    return { logger, events: new LockMetrics(log, new ComponentCounters()) };
}

describe('LockMetrics', () => {
    it('warns of each kind at most once a minute, with the number of suppressed warnings', () => {
        const { logger, events } = create();
        for (let i = 0; i < 3; i++) events.onLost(null, 'key');
        events.onReleaseFailed(null, 'key', new Error('no answer'));
        jest.advanceTimersByTime(59_999);
        events.onLost(null, 'key');
        expect(logger.warnings).toEqual([
            expect.stringMatching(/^warn lost lock key before the release/),
            'warn cannot release lock key: no answer',
        ]);
        jest.advanceTimersByTime(1);
        events.onLost(null, 'other');
        expect(logger.warnings.slice(2)).toEqual([
            expect.stringMatching(/^warn lost lock other .* \(and 3 more since the last such line\)$/),
        ]);
        jest.advanceTimersByTime(60_000);
        events.onLost(null, 'third');
        expect(logger.warnings.at(-1)).toMatch(/^warn lost lock third [^(]*$/);
        expect(events.counts).toMatchObject({ lost: 6, releaseFailures: 1 });
    });
});
