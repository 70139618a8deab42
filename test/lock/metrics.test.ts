import { tracingChannel } from 'node:diagnostics_channel';
import { References } from 'pip-services4-components-node';
import type { LockTrace, MemcachedLock } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { holding } from '../support/proxy/FaultProxy';
import { FailingCounters, RecordingCounters } from '../support/RecordingCounters';
import type { Server } from '../support/settings';
import { sleep } from '../support/sleep';

const server = useServer();
const open = useOpener();

const counted = (counters: RecordingCounters, at: Server = server): Promise<MemcachedLock> => {
    const settings = { retry_timeout: 20, request_timeout: 300 };
    return open.lock(at, settings, References.fromTuples(...counters.tuple));
};

describe('MemcachedLock.getStats', () => {
    it('counts the outcome of each attempt, and measures the wait', async () => {
        const counters = new RecordingCounters();
        const lock = await counted(counters);
        const first = (await lock.tryAcquireLease(null, open.key, 60_000))!;
        expect(await lock.tryAcquireLease(null, open.key)).toBeNull();
        expect(await codeOf(lock.acquireLock(null, open.key, 1000, 1))).toBe('LOCK_TIMEOUT');
        const waiting = lock.acquireLease(null, open.key, 60_000, 10_000);
        await sleep(50);
        await first.extend();
        await first.release();
        await (await waiting).release();
        const { 'memcached.lock.busy': busy, ...others } = counters.counts;
        expect(busy).toBeGreaterThanOrEqual(3);
        expect(others).toEqual({
            'memcached.lock.acquired': 2,
            'memcached.lock.extended': 1,
            'memcached.lock.released': 2,
            'memcached.lock.timeouts': 1,
        });
        const waits = counters.values['memcached.lock.wait_time']!;
        expect(waits.length).toBe(2);
        expect(waits[1]).toBeGreaterThanOrEqual(45);
        expect(lock.getStats()).toMatchObject({ acquired: 2, busy, timedOut: 1, extended: 1, released: 2, failed: 0 });
        expect(lock.getStats().waitedMs).toBeCloseTo(waits[0]! + waits[1]!);
    });

    it('counts errors, lost locks and failed releases', async () => {
        const counters = new RecordingCounters();
        const proxy = await open.faultProxy(server);
        const lock = await counted(counters, proxy);
        expect(await codeOf(lock.tryAcquireLock(null, open.key, -1))).toBe('INVALID_TTL');
        const lost = (await lock.tryAcquireLease(null, 'lost', 60_000))!;
        await (await open.client(server)).delete('lost');
        await lost.release();
        const unreleased = (await lock.tryAcquireLease(null, 'unreleased', 60_000))!;
        proxy.begin(holding);
        expect(await codeOf(unreleased.release())).toBe('TIMEOUT');
        expect(await codeOf(lock.acquireLock(null, 'other', 1000, 1))).toBe('TIMEOUT');
        expect(counters.counts).toEqual({
            'memcached.lock.acquired': 2,
            'memcached.lock.errors': 2,
            'memcached.lock.lost': 1,
            'memcached.lock.release_failures': 1,
        });
    });

    it('does not fail the lock when the counters fail', async () => {
        const lock = await counted(new FailingCounters());
        await lock.withLock(null, open.key, { ttl: 1000 }, () => {});
        expect(lock.getStats()).toMatchObject({ acquired: 1, released: 1 });
    });

    it('does not count an aborted wait as an error', async () => {
        const counters = new RecordingCounters();
        const lock = await counted(counters);
        await lock.acquireLease(null, open.key, 60_000);
        const signal = AbortSignal.timeout(50);
        const error = await lock
            .acquireLease(null, open.key, 1000, 10_000, { signal })
            .catch((reason: unknown) => reason);
        expect(error).toBe(signal.reason);
        expect(counters.counts['memcached.lock.errors']).toBeUndefined();
        expect(counters.counts['memcached.lock.timeouts']).toBeUndefined();
    });
});

describe('lock tracing', () => {
    const tracing = tracingChannel<unknown, LockTrace>('pip-services4-memcached:lock');
    const events: unknown[] = [];
    const subscribers = {
        start: (context: LockTrace) => void events.push(['start', { ...context }]),
        end: () => {},
        asyncStart: () => {},
        asyncEnd: (context: LockTrace) => void events.push(['asyncEnd', { ...context }]),
        error: () => void events.push('error'),
    };
    beforeEach(() => {
        events.length = 0;
        tracing.subscribe(subscribers);
    });
    afterEach(() => tracing.unsubscribe(subscribers));

    it('publishes each acquisition, including its wait', async () => {
        const lock = await open.lock(server, { retry_timeout: 10 });
        const first = await lock.acquireLease(null, open.key, 60_000);
        expect(await lock.tryAcquireLock(null, open.key)).toBe(false);
        const waiting = lock.acquireLease(null, open.key, 60_000, 10_000);
        while (lock.counts.busy < 3) await sleep(10);
        expect(events.length).toBe(5);
        await first.release();
        await waiting;
        const acquire = { operation: 'acquire', key: open.key };
        const tried = { operation: 'tryAcquire', key: open.key };
        expect(events).toEqual([
            ['start', acquire],
            ['asyncEnd', { ...acquire, result: 'acquired' }],
            ['start', tried],
            ['asyncEnd', { ...tried, result: 'busy' }],
            ['start', acquire],
            ['asyncEnd', { ...acquire, result: 'acquired' }],
        ]);
    });

    it('publishes the error of a failed acquisition', async () => {
        const lock = await open.lock(server);
        await lock.acquireLease(null, open.key, 60_000);
        events.length = 0;
        expect(await codeOf(lock.acquireLock(null, open.key, 1000, 1))).toBe('LOCK_TIMEOUT');
        const failed = {
            operation: 'acquire',
            key: open.key,
            error: expect.objectContaining({ code: 'LOCK_TIMEOUT' }),
        };
        expect(events).toEqual([['start', { operation: 'acquire', key: open.key }], 'error', ['asyncEnd', failed]]);
    });
});
