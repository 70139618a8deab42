import type { ServerAddress, ServerChange } from 'pip-services4-memcached-node';
import { ComponentLogger } from '../../src/component/ComponentLogger';
import { DiscoveryWatcher } from '../../src/connect/DiscoveryWatcher';
import { RecordingLogger } from '../support/RecordingLogger';

const SERVERS: readonly ServerAddress[] = [{ host: 'a', port: 1 }];
const NOTHING: ServerChange = { added: [], removed: [], replaced: [], reweighted: [] };

describe('DiscoveryWatcher', () => {
    let logger: RecordingLogger;
    let watch: DiscoveryWatcher;
    /** Returns the answer of discovery. */
    let answer: () => Promise<readonly ServerAddress[]>;
    /** The change that each discovered list causes. */
    let change: ServerChange;
    let asked: number;
    let taken: (readonly ServerAddress[])[];

    beforeEach(() => {
        jest.useFakeTimers();
        logger = new RecordingLogger();
        answer = () => Promise.resolve(SERVERS);
        change = NOTHING;
        asked = 0;
        taken = [];
    });

    afterEach(() => {
        watch.stop();
        expect(jest.getTimerCount()).toBe(0);
        jest.useRealTimers();
    });

    function start(intervalMs: number): void {
        const ask = () => {
            asked++;
            return answer();
        };
        const take = (servers: readonly ServerAddress[]) => {
            taken.push(servers);
            return change;
        };
        const log = new ComponentLogger();
        log.setReferences(logger.references());
        watch = new DiscoveryWatcher(intervalMs, ask, take, log, 'trace');
    }

    const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

    it('sends one query per interval, the first after one interval', async () => {
        start(1000);
        await pass(999);
        expect(asked).toBe(0);
        await pass(1);
        expect([asked, taken]).toEqual([1, [SERVERS]]);
        await pass(3000);
        expect(asked).toBe(4);
        expect(logger.lines).toEqual([]);
    });

    it('sends one query at a time, and waits an interval after the answer', async () => {
        start(1000);
        answer = () => new Promise(resolve => setTimeout(resolve, 5000, SERVERS));
        await pass(5999);
        expect([asked, taken.length]).toEqual([1, 0]);
        await pass(1);
        expect(taken.length).toBe(1);
        await pass(999);
        expect(asked).toBe(1);
        await pass(1);
        expect(asked).toBe(2);
        await pass(5000);
    });

    it.each([
        ['10 seconds', 20, 10_000],
        ['the interval if it is longer', 60_000, 60_000],
    ])('abandons a query after %s, and ignores its answer', async (_, intervalMs, patienceMs) => {
        start(intervalMs);
        let answerLate = (_: readonly ServerAddress[]): void => {};
        answer = () => new Promise(resolve => (answerLate = resolve));
        await pass(intervalMs + patienceMs - 1);
        expect(logger.lines).toEqual([]);
        await pass(1);
        expect(logger.lines).toEqual([
            'warn discovery failed, keeping the current servers: ' +
                `no reply from discovery or a credential store within ${patienceMs} ms`,
        ]);
        answerLate(SERVERS);
        answer = () => Promise.resolve(SERVERS);
        await pass(intervalMs - 1);
        expect([asked, taken.length]).toEqual([1, 0]);
        await pass(1);
        expect([asked, taken.length]).toEqual([2, 1]);
        expect(logger.count(/works again/)).toBe(1);
    });

    it('logs a failure of discovery once, and its recovery once', async () => {
        start(10);
        for (let cycle = 0; cycle < 2; cycle++) {
            answer = () => Promise.reject(new Error('away'));
            await pass(50);
            answer = () => Promise.resolve(SERVERS);
            await pass(50);
        }
        const failed = 'warn discovery failed, keeping the current servers: away';
        expect(logger.lines).toEqual([failed, 'info discovery works again', failed, 'info discovery works again']);
        expect(asked).toBe(20);
    });

    it('logs each kind of change', async () => {
        start(10);
        change = { added: ['a:1', 'b:2'], removed: ['c:3'], replaced: ['d:4'], reweighted: ['e:5'] };
        await pass(10);
        change = NOTHING;
        await pass(50);
        expect(logger.lines).toEqual([
            'info the servers changed: added: a:1, b:2; removed: c:3; reconnected: d:4; reweighted: e:5',
        ]);
        expect(logger.contexts).toEqual(['trace']);
    });

    it('sends no query after it is stopped, and ignores late answers', async () => {
        start(1000);
        let answerLate = (_: readonly ServerAddress[]): void => {};
        answer = () => new Promise(resolve => (answerLate = resolve));
        await pass(1000);
        watch.stop();
        answerLate(SERVERS);
        await pass(100_000);
        expect([asked, taken, logger.lines]).toEqual([1, [], []]);
    });

    it('does not log a failure after it is stopped', async () => {
        start(1000);
        let fail = (_: Error): void => {};
        answer = () => new Promise((_, reject) => (fail = reject));
        await pass(1000);
        watch.stop();
        fail(new Error('late'));
        await pass(100_000);
        expect([asked, logger.lines]).toEqual([1, []]);
    });
});
