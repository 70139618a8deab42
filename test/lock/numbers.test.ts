import { tracingChannel } from 'node:diagnostics_channel';
import { References } from 'pip-services4-components-node';
import type { LockTrace } from '../../src/client/tracing';
import { MemcachedLock } from '../../src/lock/MemcachedLock';
import { holding } from '../support/proxy/FaultProxy';
import { configOf } from '../support/openCache';
import { FailingCounters, RecordingCounters } from '../support/RecordingCounters';
import { useBrokenConnection } from './brokenConnection';
import { codeOf, openLock } from './openLock';

const used = useBrokenConnection();
const opened: MemcachedLock[] = [];
afterEach(() => Promise.all(opened.splice(0).map(lock => lock.close(null))));

async function counted(...all: RecordingCounters[]): Promise<MemcachedLock> {
    const lock = new MemcachedLock();
    const options = { 'options.retry_timeout': 20, 'options.request_timeout': 300 };
    lock.configure(configOf({ host: '127.0.0.1', port: used.proxy.port }, options));
    lock.setReferences(References.fromTuples(...all.flatMap(one => one.tuple)));
    await lock.open(null);
    opened.push(lock);
    return lock;
}

describe('counters', () => {
    it('know what became of every try, and how long was waited', async () => {
        const counters = new RecordingCounters();
        const lock = await counted(counters);
        const first = (await lock.tryAcquireLease(null, 'key', 60_000))!;
        expect(await lock.tryAcquireLease(null, 'key')).toBeNull();
        expect(await codeOf(lock.acquireLock(null, 'key', 1000, 1))).toBe('LOCK_TIMEOUT');
        const waiting = lock.acquireLease(null, 'key', 60_000, 10_000);
        await new Promise(resolve => setTimeout(resolve, 50));
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

    it('know of errors, and of locks that were lost or not released', async () => {
        const counters = new RecordingCounters();
        const lock = await counted(counters);
        expect(await codeOf(lock.tryAcquireLock(null, 'key', -1))).toBe('INVALID_TTL');
        const lost = (await lock.tryAcquireLease(null, 'lost', 60_000))!;
        await used.client.flush();
        await lost.release();
        const unreleased = (await lock.tryAcquireLease(null, 'unreleased', 60_000))!;
        used.proxy.begin(holding);
        expect(await codeOf(unreleased.release())).toBe('TIMEOUT');
        expect(await codeOf(lock.acquireLock(null, 'other', 1000, 1))).toBe('TIMEOUT');
        expect(counters.counts).toEqual({
            'memcached.lock.acquired': 2,
            'memcached.lock.errors': 2,
            'memcached.lock.lost': 1,
            'memcached.lock.unreleased': 1,
        });
    });

    it('that fail do not fail the lock', async () => {
        const lock = await counted(new FailingCounters());
        await lock.withLock(null, 'key', { ttl: 1000 }, () => {});
        expect(lock.getStats()).toMatchObject({ acquired: 1, released: 1 });
    });

    it('a caller who gives up waiting is no error', async () => {
        const counters = new RecordingCounters();
        const lock = await counted(counters);
        await lock.acquireLease(null, 'key', 60_000);
        const signal = AbortSignal.timeout(50);
        const error = await lock.acquireLease(null, 'key', 1000, 10_000, { signal }).catch((reason: unknown) => reason);
        expect(error).toBe(signal.reason);
        expect(counters.counts['memcached.lock.errors']).toBeUndefined();
        expect(counters.counts['memcached.lock.timeouts']).toBeUndefined();
    });
});

describe('tracing', () => {
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

    it('tells of a lock that is acquired, its waiting included', async () => {
        const { lock } = await openLock(used.proxy, { retry_timeout: 10 });
        const first = await lock.acquireLease(null, 'key', 60_000);
        expect(await lock.tryAcquireLock(null, 'key')).toBe(false);
        const waiting = lock.acquireLease(null, 'key', 60_000, 10_000);
        while (lock.counts.busy < 3) await new Promise(resolve => setTimeout(resolve, 10));
        expect(events.length).toBe(5);
        await first.release();
        await waiting;
        const acquire = { operation: 'acquire', key: 'key' };
        const tried = { operation: 'tryAcquire', key: 'key' };
        expect(events).toEqual([
            ['start', acquire],
            ['asyncEnd', { ...acquire, result: 'acquired' }],
            ['start', tried],
            ['asyncEnd', { ...tried, result: 'busy' }],
            ['start', acquire],
            ['asyncEnd', { ...acquire, result: 'acquired' }],
        ]);
    });

    it('tells why it was not', async () => {
        const { lock } = await openLock(used.proxy, {});
        await lock.acquireLease(null, 'key', 60_000);
        events.length = 0;
        expect(await codeOf(lock.acquireLock(null, 'key', 1000, 1))).toBe('LOCK_TIMEOUT');
        const failed = { operation: 'acquire', key: 'key', error: expect.objectContaining({ code: 'LOCK_TIMEOUT' }) };
        expect(events).toEqual([['start', { operation: 'acquire', key: 'key' }], 'error', ['asyncEnd', failed]]);
    });
});
