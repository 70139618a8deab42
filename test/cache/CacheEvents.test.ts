import { CacheEvents } from '../../src/cache/CacheEvents';
import { ComponentCounters } from '../../src/connect/ComponentCounters';
import { ComponentLog } from '../../src/connect/ComponentLog';
import { RecordingLogger } from '../support/RecordingLogger';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('CacheEvents', () => {
    it('warns of calls without an answer at most once a minute, and says how many it has kept back', () => {
        const logger = new RecordingLogger();
        const log = new ComponentLog();
        log.setReferences(logger.references());
        const events = new CacheEvents(log, new ComponentCounters());
        for (let i = 0; i < 3; i++) events.softened(null, new Error('a:1 is down'));
        jest.advanceTimersByTime(59_999);
        events.softened(null, new Error('a:1 is down'));
        jest.advanceTimersByTime(1);
        events.softened(null, new Error('b:1 is down'));
        expect(logger.lines).toEqual([
            'warn a call was answered without memcached: a:1 is down',
            'warn a call was answered without memcached: b:1 is down (and 3 others since this was last said)',
        ]);
        expect(events.counts.softened).toBe(5);
    });
});
