import { NOT_STARTED, ServerMetrics } from '../../src/diagnostics/ServerMetrics';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const STATE = { address: 'here', isUp: true, protocol: null, version: null, fault: null, sockets: 1 };

describe('ServerMetrics', () => {
    let counts: ServerMetrics;
    const begin = () => counts.clockUs(performance.now());
    const latency = () => counts.snapshot(STATE).latency;

    beforeEach(() => {
        counts = new ServerMetrics();
    });

    it('measures a call from its turn until the read of its reply', () => {
        const startedUs = begin();
        jest.advanceTimersByTime(7);
        counts.recordBytes(24, performance.now());
        // The client handles the reply later, but this delay does not count.
        jest.advanceTimersByTime(100);
        counts.recordReply(startedUs);
        expect(latency().total).toEqual({ count: 1, p50: 7, p99: 7, max: 7 });
    });

    it('measures a call that times out, but not an unsent call', () => {
        const startedUs = begin();
        jest.advanceTimersByTime(200);
        counts.recordTimeout(startedUs, performance.now());
        counts.recordReply(NOT_STARTED);
        expect(latency().total).toMatchObject({ count: 1, max: 200 });
    });

    it('measures correctly when its clock wraps after 35 minutes', () => {
        const periodMs = 2 ** 31 / 1000;
        jest.advanceTimersByTime(Math.floor(periodMs) - 2);
        const startedUs = begin();
        jest.advanceTimersByTime(10);
        expect(begin()).toBeLessThan(startedUs);
        counts.recordBytes(24, performance.now());
        counts.recordReply(startedUs);
        expect(latency().total.max).toBeCloseTo(10, 2);
    });

    it('forgets values older than a minute, except in the total', () => {
        const startedUs = begin();
        jest.advanceTimersByTime(5);
        counts.recordBytes(24, performance.now());
        counts.recordReply(startedUs);
        jest.advanceTimersByTime(25_000);
        expect(latency().lastMinute.count).toBe(1);
        jest.advanceTimersByTime(40_000);
        expect(latency()).toMatchObject({ total: { count: 1 }, lastMinute: { count: 0 } });
    });

    it('counts answered calls, failed calls and calls in flight', () => {
        counts.calls = 5;
        counts.answered = 2;
        counts.recordFailure(Object.assign(new Error('lost'), { code: 'CONNECTION_LOST' }));
        expect(counts.snapshot(STATE)).toMatchObject({ calls: 5, answered: 2, failed: 1, inFlight: 2 });
    });

    it('counts errors by code, or by name when they have no code', () => {
        const refusal = Object.assign(new Error('down'), { code: 'SERVER_DOWN' });
        expect(counts.rejectBeforeSend(refusal)).toBe(refusal);
        counts.recordFailure(refusal);
        counts.countError(Object.assign(new Error('large'), { code: 'VALUE_TOO_LARGE' }));
        counts.recordFailure(new TypeError('other'));
        const { errors, calls, failed } = counts.snapshot(STATE);
        expect({ errors, calls, failed }).toEqual({
            errors: { SERVER_DOWN: 2, VALUE_TOO_LARGE: 1, TypeError: 1 },
            calls: 1,
            failed: 3,
        });
    });

    it('sums the received bytes, and includes the given state', () => {
        counts.recordBytes(24, performance.now());
        counts.recordBytes(76, performance.now());
        counts.bytesSent = 50;
        const state = { address: 'here', isUp: false, protocol: null, version: null, fault: 'reset', sockets: 0 };
        expect(counts.snapshot(state)).toMatchObject({ ...state, bytesReceived: 100, bytesSent: 50 });
    });
});
