import { Session } from '../../src/component/Session';
import { WaitingLines, type Waiter } from '../../src/component/WaitingLine';

let lines: WaitingLines;
let session: Session;
/** The turns of all waiters, each with the name of the waiter and the time. */
let turns: [string, number][];

beforeEach(() => {
    jest.useFakeTimers({ now: 0 });
    lines = new WaitingLines();
    session = new Session();
    turns = [];
});

afterEach(() => {
    expect(lines.isEmpty).toBe(true);
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
});

interface Options {
    readonly key?: string;
    readonly deadlineMs?: number;
    readonly signal?: AbortSignal;
    readonly of?: Session;
}

/** Adds a waiter that pauses for each of `pausesMs`, and then leaves. */
function wait(name: string, pausesMs: readonly number[], options: Options = {}): Waiter {
    const { key = 'key', deadlineMs = Infinity, signal, of = session } = options;
    const waiter = lines.join(key, of, deadlineMs, signal);
    void (async () => {
        for (const ms of pausesMs) {
            await waiter.pause(ms);
            turns.push([name, performance.now()]);
        }
        waiter.leave();
    })();
    return waiter;
}

describe('a line of waiters', () => {
    it('gives a lone waiter its turn after its pause', async () => {
        wait('one', [10, 20]);
        await jest.advanceTimersByTimeAsync(100);
        expect(turns).toEqual([
            ['one', 10],
            ['one', 30],
        ]);
    });

    it('gives each turn to the longest waiter, and no turn more than the pauses give', async () => {
        wait('first', [100, 100]);
        wait('second', [10]);
        wait('third', [50]);
        await jest.advanceTimersByTimeAsync(1000);
        // The pauses end at 10, 50 and 100 ms, and the second one of the first waiter at 110 ms.
        expect(turns).toEqual([
            ['first', 10],
            ['first', 50],
            ['second', 100],
            ['third', 110],
        ]);
    });

    it('gives the turn to the next waiter while the longest one makes an attempt', async () => {
        const attempting = lines.join('key', session, Infinity, undefined);
        wait('second', [100]);
        wait('third', [10]);
        await jest.advanceTimersByTimeAsync(10);
        expect(turns).toEqual([['second', 10]]);
        attempting.leave();
        await jest.advanceTimersByTimeAsync(1000);
        expect(turns[1]).toEqual(['third', 100]);
    });

    it('gives a waiter its own turn at its deadline, whatever pause it has taken over', async () => {
        wait('first', [500, 500]);
        // Timers of Node.js drop the fraction, so they fire before this deadline.
        wait('second', [10], { deadlineMs: 80.9 });
        await jest.advanceTimersByTimeAsync(1000);
        expect(turns).toEqual([
            ['first', 10],
            ['second', 80],
            ['first', 510],
        ]);
    });

    it('ends the pause of an aborted waiter alone', async () => {
        const controller = new AbortController();
        wait('first', [100]);
        wait('second', [50], { signal: controller.signal });
        await jest.advanceTimersByTimeAsync(20);
        controller.abort();
        await jest.advanceTimersByTimeAsync(0);
        expect(turns).toEqual([['second', 20]]);
        await jest.advanceTimersByTimeAsync(80);
        expect(turns[1]).toEqual(['first', 100]);
    });

    it('ends all pauses of a session that ends, and leaves the next session waiting', async () => {
        const next = new Session();
        wait('old', [100]);
        wait('older', [100]);
        wait('new', [30], { of: next });
        await jest.advanceTimersByTimeAsync(20);
        void session.end();
        await jest.advanceTimersByTimeAsync(0);
        expect(turns).toEqual([
            ['old', 20],
            ['older', 20],
        ]);
        await jest.advanceTimersByTimeAsync(100);
        expect(turns[2]).toEqual(['new', 30]);
    });

    it('keeps the waiters of each key in a line of their own', async () => {
        wait('first', [100]);
        wait('other', [10], { key: 'other' });
        await jest.advanceTimersByTimeAsync(100);
        expect(turns).toEqual([
            ['other', 10],
            ['first', 100],
        ]);
    });

    it('knows the number of its waiters', () => {
        const waiters = [1, 2, 3].map(() => lines.join('key', session, Infinity, undefined));
        expect(waiters[0]!.lineLength).toBe(3);
        waiters[0]!.leave();
        expect(waiters[1]!.lineLength).toBe(2);
        for (const waiter of waiters) waiter.leave();
    });

    it('gives two waiters a turn when two pauses end in the same tick', async () => {
        wait('first', [100]);
        wait('second', [10]);
        wait('third', [20]);
        jest.advanceTimersByTime(50);
        await jest.advanceTimersByTimeAsync(0);
        expect(turns.map(([name]) => name)).toEqual(['first', 'second']);
        await jest.advanceTimersByTimeAsync(100);
        expect(turns[2]).toEqual(['third', 100]);
    });

    it.each([1, 3, 7, 13, 49])('keeps the times of all turns, in permutation %d of the pauses', async factor => {
        const pauses = Array.from({ length: 50 }, (_, i) => 2 + 2 * ((i * factor) % 50));
        for (const [i, ms] of pauses.entries()) wait(`${i}`, [ms]);
        await jest.advanceTimersByTimeAsync(100);
        expect(turns).toEqual(pauses.map((_, i) => [`${i}`, 2 + 2 * i]));
    });

    it('gives every waiter a turn after a delay of the process that ends all pauses at once', async () => {
        wait('first', [30]);
        wait('second', [20]);
        wait('third', [10]);
        jest.advanceTimersByTime(1000);
        await jest.advanceTimersByTimeAsync(1);
        expect(turns.map(([name]) => name).sort()).toEqual(['first', 'second', 'third']);
    });
});
