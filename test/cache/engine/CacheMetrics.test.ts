import { CacheMetrics } from '../../../src/cache/engine/CacheMetrics';
import { ComponentCounters } from '../../../src/component/ComponentCounters';
import { ComponentLogger } from '../../../src/component/ComponentLogger';
import { RecordingLogger } from '../../support/RecordingLogger';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('CacheMetrics', () => {
    it('warns of calls without memcached at most once a minute, with the number of suppressed warnings', () => {
        const logger = new RecordingLogger();
        const log = new ComponentLogger();
        log.setReferences(logger.references());
        const events = new CacheMetrics(log, new ComponentCounters());
        for (let i = 0; i < 3; i++) events.onUnavailable(null, new Error('a:1 is down'));
        jest.advanceTimersByTime(59_999);
        events.onUnavailable(null, new Error('a:1 is down'));
        jest.advanceTimersByTime(1);
        events.onUnavailable(null, new Error('b:1 is down'));
        expect(logger.lines).toEqual([
            'warn memcached is unavailable, continuing without the cache: a:1 is down',
            'warn memcached is unavailable, continuing without the cache: b:1 is down (and 3 more since the last such line)',
        ]);
        expect(events.counts.fallbacks).toBe(5);
    });
});
