import { readClientOptions } from '../../../src/client/model/ClientOptions';
import { HandshakeRejectedError } from '../../../src/client/channel/socketErrors';
import { authFailed } from '../../../src/client/protocol/replyErrors';
import { CircuitBreaker, type BreakerOptions } from '../../../src/client/server/CircuitBreaker';

const FAULT = new Error('reset');

/** The value that `Math.random` returns. A value of 0 shortens no pause. */
let random: number;

beforeEach(() => {
    jest.useFakeTimers();
    random = 0;
    jest.spyOn(Math, 'random').mockImplementation(() => random);
});

afterEach(() => {
    jest.restoreAllMocks();
    jest.clearAllMocks();
    jest.useRealTimers();
});

const breakerOf = (options: Partial<BreakerOptions> = {}) =>
    new CircuitBreaker('here', { failures: 100, reconnectMs: 400, retryMs: 1000, observer, ...options });

const observer = { onDown: jest.fn(), onUp: jest.fn() };

/** Returns the time until the next attempt. */
function pauseOf(breaker: CircuitBreaker): number {
    const begunMs = performance.now();
    breaker.scheduleRetry(() => {});
    while (breaker.isRetryScheduled) jest.advanceTimersToNextTimer();
    return performance.now() - begunMs;
}

/** Returns the pauses after each of `faults` consecutive faults. Each fault has its own round. */
const pausesOf = (breaker: CircuitBreaker, faults: number, fault = FAULT): number[] =>
    Array.from({ length: faults }, () => {
        expect(breaker.recordFault(fault, breaker.faultRound)).toBe(true);
        return pauseOf(breaker);
    });

describe('CircuitBreaker', () => {
    it('allows an attempt right after the first fault, then doubles the pause up to reconnectMs', () => {
        const breaker = breakerOf();
        expect(breaker.canConnect).toBe(true);
        expect(pausesOf(breaker, 7)).toEqual([0, 50, 100, 200, 400, 400, 400]);
    });

    it('allows no attempt before its time', () => {
        const breaker = breakerOf();
        for (let i = 0; i < 3; i++) breaker.recordFault(FAULT, breaker.faultRound);
        jest.advanceTimersByTime(99);
        expect(breaker.canConnect).toBe(false);
        jest.advanceTimersByTime(1);
        expect(breaker.canConnect).toBe(true);
    });

    it('shortens pauses at random, by at most a quarter', () => {
        random = 1;
        expect(pausesOf(breakerOf(), 6)).toEqual([0, 37.5, 75, 150, 300, 300].map(Math.floor));
    });

    it('is down after `failures` faults in a row, then doubles the pause up to retryMs', () => {
        const breaker = breakerOf({ failures: 3, reconnectMs: 50, retryMs: 1000 });
        expect(pausesOf(breaker, 2)).toEqual([0, 50]);
        expect(breaker.isDown).toBe(false);
        expect(pausesOf(breaker, 6)).toEqual([100, 200, 400, 800, 1000, 1000]);
        expect([breaker.isDown, breaker.lastFault]).toEqual([true, FAULT]);
    });

    it('counts one fault when several channels fail together', () => {
        const breaker = breakerOf({ failures: 2 });
        const { faultRound: round } = breaker;
        expect(breaker.recordFault(FAULT, round)).toBe(true);
        for (let i = 0; i < 4; i++) expect(breaker.recordFault(new Error('another'), round)).toBe(false);
        expect([breaker.isDown, breaker.canConnect]).toEqual([false, true]);
        expect(breaker.lastFault).toEqual(new Error('another'));
        expect(breaker.recordFault(FAULT, breaker.faultRound)).toBe(true);
        expect(breaker.isDown).toBe(true);
    });

    it('reports each change once, at the end of the turn', () => {
        const breaker = breakerOf({ failures: 2 });
        for (let i = 0; i < 4; i++) breaker.recordFault(FAULT, breaker.faultRound);
        expect(observer.onDown).not.toHaveBeenCalled();
        jest.runAllTicks();
        expect(observer.onDown.mock.calls).toEqual([['here', FAULT]]);
        breaker.recover();
        breaker.recover();
        jest.runAllTicks();
        expect(observer.onUp.mock.calls).toEqual([['here']]);
    });

    it('reports and probes nothing while it is retired', () => {
        const breaker = breakerOf({ failures: 1 });
        breaker.retire();
        breaker.recordFault(FAULT, breaker.faultRound);
        jest.runAllTicks();
        expect([breaker.isDown, breaker.needsProbe, observer.onDown.mock.calls]).toEqual([true, false, []]);
        breaker.resume();
        expect(breaker.needsProbe).toBe(true);
    });

    it('cancels the retry when it is retired while it is down, and keeps it while it is up', () => {
        const [down, up] = [breakerOf({ failures: 1 }), breakerOf()];
        for (const breaker of [down, up]) {
            breaker.recordFault(FAULT, breaker.faultRound);
            breaker.scheduleRetry(() => {});
            breaker.retire();
        }
        expect([down.isRetryScheduled, up.isRetryScheduled]).toEqual([false, true]);
    });

    it('forgets all faults and cancels the pause when the server answers', () => {
        const breaker = breakerOf({ failures: 3 });
        pausesOf(breaker, 4);
        const probe = jest.fn();
        breaker.scheduleRetry(probe);
        breaker.recover();
        expect([breaker.isDown, breaker.lastFault, breaker.canConnect, breaker.isRetryScheduled]).toEqual([
            false,
            null,
            true,
            false,
        ]);
        jest.advanceTimersByTime(10_000);
        expect(probe).not.toHaveBeenCalled();
        expect(pausesOf(breaker, 2)).toEqual([0, 50]);
    });

    it('wakes up once, at the end of the pause, unless it is cancelled', () => {
        const breaker = breakerOf();
        for (let i = 0; i < 3; i++) breaker.recordFault(FAULT, breaker.faultRound);
        const attempt = jest.fn();
        breaker.scheduleRetry(attempt);
        jest.advanceTimersByTime(99);
        expect([attempt.mock.calls.length, breaker.isRetryScheduled]).toEqual([0, true]);
        jest.advanceTimersByTime(1000);
        expect([attempt.mock.calls.length, breaker.isRetryScheduled]).toEqual([1, false]);
        breaker.scheduleRetry(attempt);
        breaker.cancelRetry();
        jest.advanceTimersByTime(1000);
        expect([attempt.mock.calls.length, breaker.isRetryScheduled]).toEqual([1, false]);
    });

    it.each([
        ['a login', authFailed('here')],
        ['a TLS handshake', new HandshakeRejectedError('certificate has expired')],
    ])('is down at once when the server rejects %s, and pauses for retryMs', (_, refusal) => {
        const breaker = breakerOf({ failures: 100, retryMs: 1000 });
        expect(pausesOf(breaker, 2, refusal)).toEqual([1000, 1000]);
        expect(breaker.isDown).toBe(true);
    });

    it('allows no further channel for retryMs after a refused channel, even though it allows connections', () => {
        const breaker = breakerOf({ retryMs: 1000 });
        expect(breaker.canGrow).toBe(true);
        breaker.pauseGrowth();
        jest.advanceTimersByTime(999);
        expect([breaker.canGrow, breaker.canConnect, breaker.isDown]).toEqual([false, true, false]);
        jest.advanceTimersByTime(1);
        expect(breaker.canGrow).toBe(true);
    });

    it.each<[string, Partial<BreakerOptions>, number]>([
        ['the defaults', {}, 4],
        ['the defaults, for a server that is down', { failures: 1 }, 4],
        ['a reconnectMs of 10', { reconnectMs: 10, failures: 1000 }, 51],
        ['a retryMs of 10, for a server that is down', { retryMs: 10, failures: 1 }, 51],
    ])('allows the configured number of attempts within 500 ms: %s', (_, options, expected) => {
        const breaker = breakerOf(readClientOptions(options));
        let attempts = -1;
        // The first fault belongs to the open connection.
        while (performance.now() <= 500) {
            attempts++;
            breaker.recordFault(FAULT, breaker.faultRound);
            pauseOf(breaker);
        }
        expect(attempts).toBe(expected);
    });
});
