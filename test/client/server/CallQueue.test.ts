import type { Call } from '../../../src/client/calls/Call';
import { CallList } from '../../../src/client/calls/CallList';
import { CallQueue } from '../../../src/client/server/CallQueue';
import { Deadlines } from '../../../src/client/calls/Deadlines';
import { GetCall, readFetched } from '../../../src/client/calls/getCalls';
import { ServerMetrics } from '../../../src/diagnostics/ServerMetrics';
import { StoreCall } from '../../../src/client/calls/storeCalls';
import { codeOf } from '../../support/codeOf';

describe('CallQueue', () => {
    let deadlines: Deadlines;
    let queue: CallQueue;
    /** The calls that the queue releases at the end of each turn. */
    let turns: Call<unknown>[][];

    beforeEach(() => {
        jest.useFakeTimers();
        deadlines = new Deadlines();
        turns = [];
        const host = {
            address: 'here',
            requestTimeoutMs: 1000,
            deadlines,
            metrics: new ServerMetrics(),
            epoch: 0,
            identity: null,
        };
        queue = new CallQueue(host, () => turns.push(takeAll()));
    });

    afterEach(() => jest.useRealTimers());

    function takeAll(): Call<unknown>[] {
        const calls: Call<unknown>[] = [];
        for (let call = queue.dequeue(); call !== null; call = queue.dequeue()) calls.push(call);
        return calls;
    }

    /** Returns calls to the queue, as the server does after a lost connection. */
    function giveBack(...calls: Call<unknown>[]): void {
        const list = new CallList();
        for (const call of calls) list.push(call);
        queue.requeue(list);
    }

    function enter<C extends Call<unknown>>(...calls: C[]): C[] {
        for (const call of calls) queue.enter(call);
        return calls;
    }

    const gets = (...keys: string[]) => keys.map(key => new GetCall(key, readFetched, null));
    const large = (key: string) =>
        new StoreCall('set', key, { value: Buffer.alloc(900_000), flagBits: 0, expirySeconds: 0 });

    it('releases the calls of a turn together, in order, at the end of the turn', () => {
        const calls = enter(...gets('a', 'b', 'c'));
        expect([turns, queue.enteringCount]).toEqual([[], 3]);
        jest.runAllTicks();
        expect(turns).toEqual([calls]);
        expect([queue.enteringCount, queue.isEmpty, queue.unsent()]).toEqual([0, true, []]);
        const [later] = enter(...gets('d'));
        jest.runAllTicks();
        expect(turns).toEqual([calls, [later]]);
    });

    it('waits for the reads of all sockets when its server is one of several', () => {
        queue.isOneOfSeveral = true;
        const [first] = enter(...gets('a'));
        jest.runAllTicks();
        expect(turns).toEqual([]);
        const [second] = enter(...gets('b'));
        jest.advanceTimersByTime(0);
        expect(turns).toEqual([[first, second]]);
    });

    it('sets a deadline at the end of the turn for each call without a deadline', () => {
        const [mine, other] = gets('a', 'b') as [GetCall<unknown>, GetCall<unknown>];
        other.deadlineMs = 70;
        enter(mine, other);
        jest.advanceTimersByTime(50);
        expect([mine.deadlineMs, other.deadlineMs, deadlines.size]).toEqual([1000, 70, 2]);
        deadlines.stop();
    });

    it('releases no call that has settled', async () => {
        const [settled, call] = enter(...gets('a', 'b')) as [GetCall<unknown>, GetCall<unknown>];
        const failed = codeOf(settled.promise);
        settled.fail(Object.assign(new Error('stale'), { code: 'STALE' }));
        jest.runAllTicks();
        expect(turns).toEqual([[call]]);
        expect(deadlines.size).toBe(1);
        expect(await failed).toBe('STALE');
    });

    it('holds a large value until the window has room, and lets small calls pass', () => {
        const [first, second] = enter(large('a'), large('b'));
        const [small] = enter(...gets('c'));
        jest.runAllTicks();
        expect(turns).toEqual([[first, small]]);
        expect(queue.unsent()).toEqual([second]);
        queue.largeValues.done(first!);
        jest.runAllTicks();
        expect(turns[1]).toEqual([second]);
        expect(queue.unsent()).toEqual([]);
    });

    it('releases a requeued call again', () => {
        const calls = enter(...gets('a'));
        jest.runAllTicks();
        giveBack(...calls);
        expect([queue.isEmpty, queue.unsent()]).toEqual([false, calls]);
        queue.flushSoon();
        jest.runAllTicks();
        expect(turns).toEqual([calls, calls]);
    });

    it('rejects every unsent call, wherever it waits', async () => {
        const [sent] = enter(large('sent'));
        const waiting = enter(large('room'));
        jest.runAllTicks();
        const back = gets('back');
        giveBack(...back);
        const entering = enter(...gets('turn'));
        const codes = [...waiting, ...back, ...entering].map(call => codeOf(call.promise));
        queue.rejectAll(() => Object.assign(new Error('down'), { code: 'SERVER_DOWN' }));
        expect(await Promise.all(codes)).toEqual(['SERVER_DOWN', 'SERVER_DOWN', 'SERVER_DOWN']);
        expect([queue.isEmpty, queue.enteringCount, queue.unsent()]).toEqual([true, 0, []]);
        expect(sent!.settled).toBe(false);
        jest.runAllTicks();
        expect(turns.slice(1).flat()).toEqual([]);
    });
});
