import { Timestamp, LeaseDeadline } from '../../src/lock/LeaseDeadline';

const TTL_MS = 10_000;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** Moves only the system clock, as after a suspension or a change of the time. */
const setSystemForward = (ms: number): void => void jest.setSystemTime(Date.now() + ms);

describe('LeaseDeadline', () => {
    it('lasts for 99 % of the ttl', () => {
        const validity = new LeaseDeadline(new Timestamp(), TTL_MS);
        expect(validity.remainingMs).toBeCloseTo(9900);
        jest.advanceTimersByTime(9899);
        expect(validity.remainingMs).toBeCloseTo(1);
        jest.advanceTimersByTime(1);
        expect(validity.remainingMs).toBe(0);
        jest.advanceTimersByTime(1000);
        expect(validity.remainingMs).toBe(0);
    });

    it('counts from the moment before the request', () => {
        const since = new Timestamp();
        jest.advanceTimersByTime(400);
        expect(new LeaseDeadline(since, TTL_MS).remainingMs).toBeCloseTo(9500);
    });

    it('ends with the clock that is ahead', () => {
        const validity = new LeaseDeadline(new Timestamp(), TTL_MS);
        setSystemForward(9000);
        expect(validity.remainingMs).toBeCloseTo(900);
        setSystemForward(-20_000);
        expect(validity.remainingMs).toBeCloseTo(9900);
    });

    it('is long over when the monotonic clock is five seconds past the ttl', () => {
        const validity = new LeaseDeadline(new Timestamp(), TTL_MS);
        setSystemForward(60_000);
        jest.advanceTimersByTime(14_999);
        expect(validity.isLongOver).toBe(false);
        jest.advanceTimersByTime(2);
        expect(validity.isLongOver).toBe(true);
    });

    it('compares the ends of two deadlines', () => {
        const long = new LeaseDeadline(new Timestamp(), TTL_MS);
        const short = new LeaseDeadline(new Timestamp(), TTL_MS - 1);
        expect([short.endsBefore(long), long.endsBefore(short), long.endsBefore(long)]).toEqual([true, false, false]);
    });
});
