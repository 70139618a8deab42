import type { Lease } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { LagMeter } from '../support/LagMeter';
import { useOpener, useServer } from '../support/Opener';
import { passing, type Fault } from '../support/proxy/FaultProxy';
import { verbOf } from '../support/proxy/messages';
import type { Verb } from '../support/proxy/verbs';
import { SideBySide } from '../support/sideBySide';
import { sleep } from '../support/sleep';
import { aborted } from './aborted';
import { lockBehindProxy } from './lockBehindProxy';
import { storedIn } from './storedIn';

const server = useServer();
const open = useOpener();
const stored = storedIn(server);
// More concurrent tests delay each other at their start.
const slow = new SideBySide(4);

/** Returns a fault that drops writes that start with this verb. */
const swallowing = (verb: Verb): Fault => ({
    request(link, chunk) {
        if (verbOf(chunk) !== verb) link.toServer(chunk);
    },
});

describe('withLock', () => {
    it('runs the work under the lock, and returns its result', async () => {
        const lock = await open.lock(server);
        const answer = await lock.withLock(null, open.key, { ttl: 5000 }, async (signal, lease) => {
            expect(await stored(open.key)).toBe(lease.token);
            expect([signal.aborted, lease.isHeld()]).toEqual([false, true]);
            return { any: 'value' };
        });
        expect(answer).toEqual({ any: 'value' });
        expect(await stored(open.key)).toBeNull();
        expect(await lock.withLock(null, open.key, {}, () => 7)).toBe(7);
        expect(lock.counts).toMatchObject({ acquired: 2, released: 2, lost: 0 });
    });

    it.each([
        [
            'throws',
            () => {
                throw new Error('broken');
            },
        ],
        ['rejects', () => Promise.reject(new Error('broken'))],
    ])('rejects with the error of work that %s, and releases the lock', async (_, work: () => Promise<never>) => {
        const lock = await open.lock(server);
        await expect(lock.withLock(null, open.key, {}, work)).rejects.toThrow('broken');
        expect(await stored(open.key)).toBeNull();
    });

    slow.it('holds the lock until the work ends, even beyond its ttl', async open => {
        const lock = await open.lock(server);
        const other = await open.lock(server, { retry_timeout: 50 });
        let isDone = false;
        let begin = (): void => {};
        const beginning = new Promise<void>(resolve => (begin = resolve));
        const working = lock.withLock(null, open.key, { ttl: 1000 }, async (signal, lease) => {
            begin();
            const begun = performance.now();
            while (performance.now() - begun < 4000) {
                await sleep(20);
                expect(lease.isHeld()).toBe(true);
            }
            isDone = true;
            return signal.aborted;
        });
        await beginning;
        await other.acquireLock(null, open.key, 1000, 10_000);
        expect(isDone).toBe(true);
        expect(await working).toBe(false);
        expect(lock.counts.extended).toBeGreaterThan(4);
        await other.releaseLock(null, open.key);
    });

    it('does not start the work when the lock stays busy', async () => {
        const lock = await open.lock(server);
        await lock.acquireLock(null, open.key, 10_000);
        const work = jest.fn();
        await expect(lock.withLock('trace-1', open.key, { ttl: 1000, timeout: 100 }, work)).rejects.toMatchObject({
            code: 'LOCK_TIMEOUT',
            trace_id: 'trace-1',
            details: { key: open.key },
        });
        expect(work).not.toHaveBeenCalled();
    });

    slow.it('aborts the work after a deletion of the lock, and keeps the lock of the next holder', async open => {
        const lock = await open.lock(server);
        const client = await open.client(server);
        const reason = await lock.withLock('trace-1', open.key, { ttl: 300 }, async signal => {
            await client.set(open.key, 'theirs');
            return aborted(signal);
        });
        expect(reason).toMatchObject({
            code: 'LOCK_LOST',
            status: 409,
            trace_id: 'trace-1',
            details: { key: open.key },
        });
        expect(await stored(open.key)).toBe('theirs');
        expect(lock.counts.lost).toBe(1);
        expect(open.logger.warnings.length).toBe(1);
    });

    slow.it(
        'aborts the work when no renewal succeeds in time, even while a renewal waits for its answer',
        async open => {
            const { lock, proxy } = await lockBehindProxy(open, server, { request_timeout: 5000 });
            const lag = new LagMeter();
            let ms = NaN;
            let heldMs = NaN;
            const outcome = await codeOf(
                lock.withLock(null, open.key, { ttl: 600 }, async (signal, lease) => {
                    const begun = performance.now();
                    heldMs = lease.remaining();
                    proxy.begin(swallowing('cas'));
                    await aborted(signal);
                    ms = performance.now() - begun;
                    lag.stop();
                    expect(lease.isHeld()).toBe(false);
                    proxy.begin({ strike: link => link.reset() });
                    signal.throwIfAborted();
                }),
            );
            expect(outcome).toBe('LOCK_LOST');
            expect(ms).toBeGreaterThan(heldMs - 100);
            expect(ms).toBeLessThan(heldMs + 400 + lag.totalMs);
            expect(await stored(open.key)).toBeNull();
        },
    );

    slow.it('does not abort during an outage shorter than the ttl', async open => {
        const { lock, proxy } = await lockBehindProxy(open, server, { request_timeout: 500, failures: 3, retry: 100 });
        const isAborted = await lock.withLock(null, open.key, { ttl: 3000 }, async signal => {
            await sleep(900);
            await proxy.refuse();
            await sleep(900);
            await proxy.listenAgain();
            await sleep(2000);
            return signal.aborted;
        });
        expect(isAborted).toBe(false);
        expect(await stored(open.key)).toBeNull();
    });

    slow.it('returns the result of work that ignores its signal, despite the lost lock', async open => {
        const lock = await open.lock(server);
        const client = await open.client(server);
        const answer = await lock.withLock(null, open.key, { ttl: 300 }, async () => {
            await client.delete(open.key);
            await sleep(500);
            return 'done';
        });
        expect(answer).toBe('done');
    });

    for (const [what, work, expected] of [
        ['resolves', async () => 'done', 'answered done'],
        ['rejects', () => Promise.reject(Object.assign(new Error('broken'), { code: 'BROKEN' })), 'BROKEN'],
    ] as [string, () => Promise<string>, string][]) {
        slow.it(`settles like work that ${what} when the release fails`, async open => {
            const { lock, proxy } = await lockBehindProxy(open, server, { request_timeout: 500 });
            const outcome = codeOf(
                lock.withLock(null, open.key, { ttl: 60_000 }, async () => {
                    proxy.begin({ request() {}, reply() {}, mute: true });
                    return work();
                }),
            );
            expect(await outcome).toBe(expected);
            expect(open.logger.warnings).toEqual([expect.stringContaining('cannot release lock')]);
            expect(lock.counts.releaseFailures).toBe(1);
            // The component releases the lock once the server is available again.
            proxy.begin(passing);
            while ((await stored(open.key)) !== null) await sleep(20);
        });
    }

    slow.it('waits for a pending renewal before it releases', async open => {
        const { lock, proxy } = await lockBehindProxy(open, server, { request_timeout: 5000 });
        const held: (() => void)[] = [];
        let sent: (Verb | undefined)[] = [];
        const working = lock.withLock(null, open.key, { ttl: 1500 }, async () => {
            sent = [];
            proxy.begin({
                request(link, chunk) {
                    sent.push(verbOf(chunk));
                    if (verbOf(chunk) === 'cas') held.push(() => link.toServer(chunk));
                    else link.toServer(chunk);
                },
            });
            while (held.length === 0) await sleep(5);
        });
        while (held.length === 0) await sleep(5);
        await sleep(50);
        held[0]!();
        await working;
        expect(sent).toEqual(['cas', 'delete']);
        expect(await stored(open.key)).toBeNull();
    });

    slow.it('passes the signal of its caller to the work, and holds the lock until the work has ended', async open => {
        const lock = await open.lock(server);
        const controller = new AbortController();
        const reason = new Error('enough');
        const outcome = lock.withLock(
            null,
            open.key,
            { ttl: 1000, signal: controller.signal },
            async (signal, lease) => {
                controller.abort(reason);
                expect(signal.reason).toBe(reason);
                await sleep(1500);
                expect(lease.isHeld()).toBe(true);
                return 'tidied up';
            },
        );
        expect(await outcome).toBe('tidied up');
        expect(await stored(open.key)).toBeNull();
    });

    it('leaves no listener on the signal of its caller', async () => {
        const lock = await open.lock(server);
        const { signal } = new AbortController();
        const added = jest.spyOn(signal, 'addEventListener');
        const removed = jest.spyOn(signal, 'removeEventListener');
        await lock.acquireLock(null, 'busy', 1000);
        await codeOf(lock.withLock(null, 'busy', { timeout: 100, signal }, () => 'worked'));
        await lock.withLock(null, open.key, { signal }, () => 'worked');
        expect(added.mock.calls.length).toBeGreaterThan(1);
        for (const [, listener] of added.mock.calls) {
            expect(removed.mock.calls.map(([, other]) => other)).toContain(listener);
        }
    });

    slow.it('allows the work to release the lock', async open => {
        const lock = await open.lock(server);
        const client = await open.client(server);
        const isAborted = await lock.withLock(null, open.key, { ttl: 600 }, async (signal, lease) => {
            await lease.release();
            await client.set(open.key, 'theirs');
            await sleep(900);
            return signal.aborted;
        });
        expect(isAborted).toBe(false);
        expect(await stored(open.key)).toBe('theirs');
        expect(lock.counts.lost).toBe(0);
    });

    slow.it('continues until the ttl is over when the component closes', async open => {
        const lock = await open.lock(server);
        const begun = performance.now();
        const outcome = await codeOf(
            lock.withLock(null, open.key, { ttl: 500 }, async signal => {
                await lock.close(null);
                await aborted(signal);
                signal.throwIfAborted();
            }),
        );
        expect(outcome).toBe('LOCK_LOST');
        expect(performance.now() - begun).toBeGreaterThan(450);
    });

    it('runs the work of one caller at a time', async () => {
        const lock = await open.lock(server, { retry_timeout: 5 });
        const other = await open.lock(server, { retry_timeout: 5 });
        let inside = 0;
        let most = 0;
        let count = 0;
        const tokens: bigint[] = [];
        const work = async (_: AbortSignal, lease: Lease): Promise<void> => {
            most = Math.max(most, ++inside);
            tokens.push(lease.fencingToken);
            await sleep(1);
            inside--;
            count++;
        };
        await Promise.all(
            Array.from({ length: 60 }, (_, i) =>
                (i % 2 ? lock : other).withLock(null, open.key, { ttl: 5000, timeout: 20_000 }, work),
            ),
        );
        expect([most, count]).toEqual([1, 60]);
        expect(tokens).toEqual([...tokens].sort((a, b) => (a < b ? -1 : 1)));
    });
});
