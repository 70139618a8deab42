import { readClientOptions } from '../../../src/client/model/ClientOptions';
import { HandshakeRejectedError } from '../../../src/client/channel/socketErrors';
import { authFailed } from '../../../src/client/model/errors';
import { ServerHealth, type HealthOptions } from '../../../src/client/server/ServerHealth';

const FAULT = new Error('reset');

/** The value that `Math.random` returns. With 0, no pause is shortened. */
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

const healthOf = (options: Partial<HealthOptions> = {}) =>
    new ServerHealth('here', { failures: 100, reconnectMs: 400, retryMs: 1000, observer, ...options });

const observer = { onDown: jest.fn(), onUp: jest.fn() };

/** Returns the time until the next attempt. */
function pauseOf(health: ServerHealth): number {
    const begunMs = performance.now();
    health.scheduleRetry(() => {});
    while (health.isRetryScheduled) jest.advanceTimersToNextTimer();
    return performance.now() - begunMs;
}

/** Returns the pauses after this many consecutive faults, each from its own round. */
const pausesOf = (health: ServerHealth, faults: number, fault = FAULT): number[] =>
    Array.from({ length: faults }, () => {
        expect(health.recordFault(fault, health.faultRound)).toBe(true);
        return pauseOf(health);
    });

describe('ServerHealth', () => {
    it('allows an attempt right after the first fault, then doubles the pause up to reconnectMs', () => {
        const health = healthOf();
        expect(health.canConnect).toBe(true);
        expect(pausesOf(health, 7)).toEqual([0, 50, 100, 200, 400, 400, 400]);
    });

    it('allows no attempt before its time', () => {
        const health = healthOf();
        for (let i = 0; i < 3; i++) health.recordFault(FAULT, health.faultRound);
        jest.advanceTimersByTime(99);
        expect(health.canConnect).toBe(false);
        jest.advanceTimersByTime(1);
        expect(health.canConnect).toBe(true);
    });

    it('shortens pauses at random, by at most a quarter', () => {
        random = 1;
        expect(pausesOf(healthOf(), 6)).toEqual([0, 37.5, 75, 150, 300, 300].map(Math.floor));
    });

    it('is down after `failures` faults in a row, then doubles the pause up to retryMs', () => {
        const health = healthOf({ failures: 3, reconnectMs: 50, retryMs: 1000 });
        expect(pausesOf(health, 2)).toEqual([0, 50]);
        expect(health.isDown).toBe(false);
        expect(pausesOf(health, 6)).toEqual([100, 200, 400, 800, 1000, 1000]);
        expect([health.isDown, health.lastFault]).toEqual([true, FAULT]);
    });

    it('counts the faults of channels that fail together once', () => {
        const health = healthOf({ failures: 2 });
        const { faultRound: round } = health;
        expect(health.recordFault(FAULT, round)).toBe(true);
        for (let i = 0; i < 4; i++) expect(health.recordFault(new Error('another'), round)).toBe(false);
        expect([health.isDown, health.canConnect]).toEqual([false, true]);
        expect(health.lastFault).toEqual(new Error('another'));
        expect(health.recordFault(FAULT, health.faultRound)).toBe(true);
        expect(health.isDown).toBe(true);
    });

    it('reports each change once, at the end of the turn', () => {
        const health = healthOf({ failures: 2 });
        for (let i = 0; i < 4; i++) health.recordFault(FAULT, health.faultRound);
        expect(observer.onDown).not.toHaveBeenCalled();
        jest.runAllTicks();
        expect(observer.onDown.mock.calls).toEqual([['here', FAULT]]);
        health.recover();
        health.recover();
        jest.runAllTicks();
        expect(observer.onUp.mock.calls).toEqual([['here']]);
    });

    it('reports and probes nothing while it is retired', () => {
        const health = healthOf({ failures: 1 });
        health.retire();
        health.recordFault(FAULT, health.faultRound);
        jest.runAllTicks();
        expect([health.isDown, health.needsProbe, observer.onDown.mock.calls]).toEqual([true, false, []]);
        health.resume();
        expect(health.needsProbe).toBe(true);
    });

    it('has no retry scheduled when it is retired while it is down, and has one while it is up', () => {
        const [down, up] = [healthOf({ failures: 1 }), healthOf()];
        for (const health of [down, up]) {
            health.recordFault(FAULT, health.faultRound);
            health.scheduleRetry(() => {});
            health.retire();
        }
        expect([down.isRetryScheduled, up.isRetryScheduled]).toEqual([false, true]);
    });

    it('forgets all faults and cancels the pause when the server answers', () => {
        const health = healthOf({ failures: 3 });
        pausesOf(health, 4);
        const probe = jest.fn();
        health.scheduleRetry(probe);
        health.recover();
        expect([health.isDown, health.lastFault, health.canConnect, health.isRetryScheduled]).toEqual([
            false,
            null,
            true,
            false,
        ]);
        jest.advanceTimersByTime(10_000);
        expect(probe).not.toHaveBeenCalled();
        expect(pausesOf(health, 2)).toEqual([0, 50]);
    });

    it('wakes up once, at the end of the pause, unless it is cancelled', () => {
        const health = healthOf();
        for (let i = 0; i < 3; i++) health.recordFault(FAULT, health.faultRound);
        const attempt = jest.fn();
        health.scheduleRetry(attempt);
        jest.advanceTimersByTime(99);
        expect([attempt.mock.calls.length, health.isRetryScheduled]).toEqual([0, true]);
        jest.advanceTimersByTime(1000);
        expect([attempt.mock.calls.length, health.isRetryScheduled]).toEqual([1, false]);
        health.scheduleRetry(attempt);
        health.cancelRetry();
        jest.advanceTimersByTime(1000);
        expect([attempt.mock.calls.length, health.isRetryScheduled]).toEqual([1, false]);
    });

    it.each([
        ['a login', authFailed('here')],
        ['a TLS handshake', new HandshakeRejectedError('certificate has expired')],
    ])('is down at once when the server rejects %s, and pauses for retryMs', (_, refusal) => {
        const health = healthOf({ failures: 100, retryMs: 1000 });
        expect(pausesOf(health, 2, refusal)).toEqual([1000, 1000]);
        expect(health.isDown).toBe(true);
    });

    it('allows no further channel for retryMs after one was refused, even though connecting is allowed', () => {
        const health = healthOf({ retryMs: 1000 });
        expect(health.canGrow).toBe(true);
        health.pauseGrowth();
        jest.advanceTimersByTime(999);
        expect([health.canGrow, health.canConnect, health.isDown]).toEqual([false, true, false]);
        jest.advanceTimersByTime(1);
        expect(health.canGrow).toBe(true);
    });

    it.each<[string, Partial<HealthOptions>, number]>([
        ['the defaults', {}, 4],
        ['the defaults, for a server that is down', { failures: 1 }, 4],
        ['a reconnectMs of 10', { reconnectMs: 10, failures: 1000 }, 51],
        ['a retryMs of 10, for a server that is down', { retryMs: 10, failures: 1 }, 51],
    ])('allows the configured number of attempts within 500 ms: %s', (_, options, expected) => {
        const health = healthOf(readClientOptions(options));
        let attempts = -1;
        // The first fault belongs to the connection that was open.
        while (performance.now() <= 500) {
            attempts++;
            health.recordFault(FAULT, health.faultRound);
            pauseOf(health);
        }
        expect(attempts).toBe(expected);
    });
});
