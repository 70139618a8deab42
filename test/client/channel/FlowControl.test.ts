import { Deadlines } from '../../../src/client/calls/Deadlines';
import { NoopCall } from '../../../src/client/calls/serverCalls';
import { FlowControl } from '../../../src/client/channel/FlowControl';

describe('FlowControl', () => {
    let context: { requestTimeoutMs: number; deadlines: Deadlines; maxInFlight: number };
    let flow: FlowControl;

    beforeEach(() => {
        jest.useFakeTimers();
        context = { requestTimeoutMs: 800, deadlines: new Deadlines(), maxInFlight: Infinity };
        flow = new FlowControl(context);
        flow.start();
    });

    afterEach(() => jest.useRealTimers());

    function pass(ms: number): void {
        jest.advanceTimersByTime(ms);
        context.deadlines.readClock();
    }

    function send(count: number): NoopCall[] {
        return Array.from({ length: count }, () => {
            const call = new NoopCall();
            call.sentMs = context.deadlines.stamp;
            flow.sent(call);
            return call;
        });
    }

    function answer(calls: readonly NoopCall[]): void {
        for (const call of calls) flow.answered(call);
        flow.onReplies();
    }

    /**
     * Sends `count` requests. The first reply comes at once, and gives the time of a round trip.
     * The last reply comes after `ms`.
     */
    function roundTrip(count: number, ms: number): void {
        const first = send(1);
        const rest = send(count - 1);
        answer(first);
        const probe = send(1);
        pass(ms);
        answer([...rest, ...probe]);
    }

    it('is slow when the oldest call is pending for 3/8 of the timeout', () => {
        const [oldest] = send(1);
        pass(300);
        expect([flow.isSlow(oldest!), flow.isSlow(null)]).toEqual([false, false]);
        pass(1);
        expect(flow.isSlow(oldest!)).toBe(true);
    });

    it('does not count the network delay as waiting, up to half of the timeout', () => {
        roundTrip(1, 200);
        const [oldest] = send(1);
        pass(425);
        expect(flow.isSlow(oldest!)).toBe(false);
        pass(1);
        expect(flow.isSlow(oldest!)).toBe(true);
        answer([oldest!]);
        roundTrip(1, 700);
        const [later] = send(1);
        pass(551);
        expect(flow.isSlow(later!)).toBe(true);
    });

    it('limits the requests in flight to the number that the server can answer in time', () => {
        roundTrip(100, 600);
        expect(context.maxInFlight).toBe(50);
        const calls = send(50);
        expect([flow.isAtLimit, flow.isSlow(calls[0]!)]).toEqual([true, true]);
        flow.answered(calls[49]!);
        expect(flow.isAtLimit).toBe(false);
    });

    it('allows at least 16 requests, and more again when replies become faster', () => {
        roundTrip(20, 799);
        expect(context.maxInFlight).toBe(16);
        roundTrip(17, 200);
        expect(context.maxInFlight).toBe(16 * 2 * 1.5);
        roundTrip(17, 1);
        expect(context.maxInFlight).toBe(48 * 2 * 2);
    });

    it('measures the time of continuous replies since the last pause', () => {
        pass(200);
        flow.onReplies();
        expect([flow.isAnsweringFor(200), flow.isAnsweringFor(201)]).toEqual([true, false]);
        pass(301);
        expect(flow.isAnsweringFor(200)).toBe(false);
        flow.onReplies();
        pass(100);
        expect([flow.isAnsweringFor(100), flow.isAnsweringFor(101)]).toEqual([true, false]);
    });
});
