import { getEventListeners } from 'node:events';
import { codeOf } from '../support/codeOf';
import { LagMeter } from '../support/LagMeter';
import { useOpener, useServer } from '../support/Opener';
import { sleep } from '../support/sleep';
import { storedIn } from './storedIn';

const server = useServer();
const open = useOpener();
const stored = storedIn(server);

describe('a wait for a lock', () => {
    it.each([NaN, '100', {}])('rejects with INVALID_TTL for a timeout of %p', async timeout => {
        const lock = await open.lock(server);
        expect(await codeOf(lock.acquireLock(null, open.key, 1000, timeout as number))).toBe('INVALID_TTL');
    });

    it.each([0, -1, -Infinity])('tries once with a timeout of %p', async timeout => {
        const lock = await open.lock(server);
        await lock.acquireLock(null, open.key, 10_000, timeout);
        expect(await codeOf(lock.acquireLock(null, open.key, 10_000, timeout))).toBe('LOCK_TIMEOUT');
        expect(lock.counts).toMatchObject({ acquired: 1, busy: 1, timedOut: 1 });
        await lock.releaseLock(null, open.key);
    });

    it('lasts as long as the ttl without a timeout', async () => {
        const lock = await open.lock(server, { retry_timeout: 20 });
        await lock.acquireLock(null, open.key, 10_000);
        const begun = performance.now();
        expect(await codeOf(lock.acquireLock(null, open.key, 300))).toBe('LOCK_TIMEOUT');
        expect(performance.now() - begun).toBeGreaterThan(295);
        await lock.releaseLock(null, open.key);
    });

    it('lasts until the holder releases with an infinite timeout', async () => {
        const lock = await open.lock(server, { retry_timeout: 20 });
        await lock.acquireLock(null, open.key, 10_000);
        const waiting = lock.acquireLease(null, open.key, 10_000, Infinity);
        await sleep(100);
        await lock.releaseLock(null, open.key);
        expect((await waiting).isHeld()).toBe(true);
    });

    it('tries once more at the deadline', async () => {
        const lock = await open.lock(server, { retry_timeout: 1_000_000 });
        await lock.acquireLock(null, open.key, 10_000);
        const waiting = lock.acquireLock(null, open.key, 10_000, 500);
        while (lock.counts.busy === 0) await sleep(5);
        await lock.releaseLock(null, open.key);
        await waiting;
        expect(lock.counts).toMatchObject({ acquired: 2, busy: 1 });
    });

    it('pauses at most about `retry_timeout` between attempts', async () => {
        const lock = await open.lock(server, { retry_timeout: 20 });
        await lock.acquireLock(null, open.key, 10_000);
        const lag = new LagMeter();
        await codeOf(lock.acquireLock(null, open.key, 10_000, 600));
        lag.stop();
        expect(lock.counts.busy).toBeGreaterThan((600 - lag.totalMs) / 40);
        expect(lock.counts.busy).toBeLessThan(60);
        await lock.releaseLock(null, open.key);
    });

    it('tries again soon after the first attempt', async () => {
        const lock = await open.lock(server, { retry_timeout: 10_000 });
        const holder = await lock.acquireLease(null, open.key, 60_000);
        const begun = performance.now();
        const waiting = lock.acquireLease(null, open.key, 60_000);
        await holder.release();
        await (await waiting).release();
        expect(performance.now() - begun).toBeLessThan(5000);
    });

    it('gives the lock to the callers of a component in about the order of their calls', async () => {
        const lock = await open.lock(server, { retry_timeout: 20 });
        const holder = await lock.acquireLease(null, open.key, 60_000);
        const order: number[] = [];
        const waiting = Array.from({ length: 20 }, async (_, i) => {
            const lease = await lock.acquireLease(null, open.key, 60_000);
            order.push(i);
            await sleep(5);
            await lease.release();
        });
        while (lock.counts.busy < 20) await sleep(5);
        await holder.release();
        await Promise.all(waiting);
        // Attempts in flight may overtake each other. A random order has 95 such pairs on average.
        const overtakes = order.flatMap((one, at) => order.slice(at + 1).filter(later => later < one));
        expect(overtakes.length).toBeLessThan(40);
    });

    it('gives a short wait its last attempt while longer waits go on', async () => {
        const lock = await open.lock(server, { retry_timeout: 1_000_000 });
        const holder = await lock.acquireLease(null, open.key, 60_000);
        const { signal, controller, reason } = abortable();
        const longer = lock.acquireLease(null, open.key, 60_000, 60_000, { signal }).catch((e: unknown) => e);
        while (lock.counts.busy < 1) await sleep(5);
        const shorter = lock.acquireLease(null, open.key, 60_000, 300);
        while (lock.counts.busy < 2) await sleep(5);
        await holder.release();
        expect((await shorter).isHeld()).toBe(true);
        controller.abort(reason);
        expect(await longer).toBe(reason);
    });

    it('lets the other waiters go on when the longest one aborts', async () => {
        const lock = await open.lock(server, { retry_timeout: 20 });
        const holder = await lock.acquireLease(null, open.key, 60_000);
        const { signal, controller, reason } = abortable();
        const longest = lock.acquireLease(null, open.key, 60_000, 60_000, { signal }).catch((e: unknown) => e);
        const others = [1, 2, 3].map(async () => (await lock.acquireLease(null, open.key, 60_000)).release());
        while (lock.counts.busy < 8) await sleep(5);
        controller.abort(reason);
        expect(await longest).toBe(reason);
        await holder.release();
        await Promise.all(others);
        expect(lock.counts).toMatchObject({ acquired: 4, released: 4 });
    });

    it('ends with its signal, and leaves no lock behind', async () => {
        const lock = await open.lock(server, { retry_timeout: 1_000_000 });
        const holder = await lock.acquireLease(null, open.key, 10_000);
        const { signal, controller, reason } = abortable();
        const waiting = lock.acquireLease('trace', open.key, 10_000, 60_000, { signal });
        const locking = lock.withLock(null, open.key, { timeout: 60_000, signal }, () => 'worked');
        const outcomes = Promise.allSettled([waiting, locking]);
        await sleep(50);
        controller.abort(reason);
        expect(await outcomes).toEqual([
            { status: 'rejected', reason },
            { status: 'rejected', reason },
        ]);
        expect(await stored(open.key)).toBe(holder.token);
        await holder.release();
        expect(await stored(open.key)).toBeNull();
    });

    it('adds one listener to a signal, whatever the number of waits and tasks', async () => {
        const lock = await open.lock(server, { retry_timeout: 1_000_000 });
        await lock.acquireLock(null, open.key, 10_000);
        const { signal, controller, reason } = abortable();
        const until = AbortSignal.timeout(5000);
        let working = 0;
        const work = async (own: AbortSignal): Promise<void> => {
            working++;
            while (!own.aborted && !until.aborted) await sleep(5);
        };
        const outcomes = Promise.allSettled(
            Array.from({ length: 20 }, (_, i) => [
                lock.acquireLease(null, open.key, 10_000, 60_000, { signal }),
                lock.withLock(null, `${open.key}:${i}`, { signal }, work),
            ]).flat(),
        );
        while (working < 20 || lock.counts.busy < 20) await sleep(5);
        expect(getEventListeners(signal, 'abort').length).toBe(1);
        controller.abort(reason);
        const waiters = (await outcomes).filter(({ status }) => status === 'rejected');
        expect(waiters).toEqual(Array(20).fill({ status: 'rejected', reason }));
        expect(until.aborted).toBe(false);
        expect(getEventListeners(signal, 'abort').length).toBe(0);
    });

    it('does not begin when its signal has aborted', async () => {
        const lock = await open.lock(server);
        const { signal, controller, reason } = abortable();
        controller.abort(reason);
        await expect(lock.acquireLock(null, open.key, 1000, 1000, { signal })).rejects.toBe(reason);
        expect(lock.counts.acquired).toBe(0);
        expect(await stored(open.key)).toBeNull();
    });

    it('releases the lock when its signal aborts during the acquisition', async () => {
        const lock = await open.lock(server);
        const { signal, controller, reason } = abortable();
        const waiting = lock.acquireLease(null, open.key, 10_000, 1000, { signal });
        controller.abort(reason);
        await expect(waiting).rejects.toBe(reason);
        expect(await stored(open.key)).toBeNull();
    });

    it.each([undefined, 'text', null, 0])('rejects with the original reason %p', async reason => {
        const lock = await open.lock(server);
        const controller = new AbortController();
        controller.abort(reason);
        const outcome = await lock
            .acquireLock(null, open.key, 1, 0, { signal: controller.signal })
            .catch((e: unknown) => e);
        expect(outcome).toBe(controller.signal.reason);
    });

    it('ends when the component closes', async () => {
        const lock = await open.lock(server, { retry_timeout: 1_000_000 });
        await lock.acquireLock(null, open.key, 10_000);
        const waiting = codeOf(lock.acquireLock(null, open.key, 10_000, 1_000_000));
        await sleep(50);
        await lock.close(null);
        expect(await waiting).toBe('NOT_OPENED');
    });

    function abortable(): { signal: AbortSignal; controller: AbortController; reason: Error } {
        const controller = new AbortController();
        return { controller, signal: controller.signal, reason: new Error('enough') };
    }
});
