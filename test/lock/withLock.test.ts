import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Lease } from '../../src/lock/Lease';
import { passing, type Fault } from '../support/proxy/FaultProxy';
import { codeOf, delay, openLock } from './openLock';
import { useBrokenConnection } from './brokenConnection';

const REPLACE = 0x03;
const DELETE = 0x04;

const used = useBrokenConnection();

const stored = async (key: string): Promise<string | null> => (await used.client.get(key)).value?.toString() ?? null;
const aborted = (signal: AbortSignal): Promise<unknown> =>
    new Promise(resolve => {
        if (signal.aborted) resolve(signal.reason);
        else signal.addEventListener('abort', () => resolve(signal.reason));
    });

/** Swallows requests with this opcode. */
const swallowing = (opcode: number): Fault => ({
    request(link, chunk) {
        if (chunk[1] !== opcode) link.toServer(chunk);
    },
});

function blockEventLoop(ms: number): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe('withLock', () => {
    it('works under the lock, and passes on what the work answers', async () => {
        const { lock } = await openLock(used.memcached);
        const answer = await lock.withLock(null, 'key', { ttl: 5000 }, async (signal, lease) => {
            expect(await stored('key')).toBe(lease.token);
            expect([signal.aborted, lease.isHeld()]).toEqual([false, true]);
            return { any: 'value' };
        });
        expect(answer).toEqual({ any: 'value' });
        expect(await stored('key')).toBeNull();
        expect(await lock.withLock(null, 'key', {}, () => 7)).toBe(7);
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
    ])('passes on what work that %s says, and releases', async (_, work: () => Promise<never>) => {
        const { lock } = await openLock(used.memcached);
        await expect(lock.withLock(null, 'key', {}, work)).rejects.toThrow('broken');
        expect(await stored('key')).toBeNull();
    });

    it('keeps the lock as long as the work takes, and longer than its ttl', async () => {
        const { lock } = await openLock(used.memcached);
        const { lock: other } = await openLock(used.memcached, { retry_timeout: 50 });
        let isDone = false;
        const working = lock.withLock(null, 'key', { ttl: 300 }, async (signal, lease) => {
            const begun = performance.now();
            while (performance.now() - begun < 4000) {
                await delay(20);
                expect(lease.isHeld()).toBe(true);
            }
            isDone = true;
            return signal.aborted;
        });
        await other.acquireLock(null, 'key', 1000, 10_000);
        expect(isDone).toBe(true);
        expect(await working).toBe(false);
        expect(lock.counts.extended).toBeGreaterThan(30);
        await other.releaseLock(null, 'key');
    });

    it('does not begin the work when the lock is not free in time', async () => {
        const { lock } = await openLock(used.memcached);
        await lock.acquireLock(null, 'key', 10_000);
        const work = jest.fn();
        await expect(lock.withLock('trace-1', 'key', { ttl: 1000, timeout: 100 }, work)).rejects.toMatchObject({
            code: 'LOCK_TIMEOUT',
            trace_id: 'trace-1',
            details: { key: 'key' },
        });
        expect(work).not.toHaveBeenCalled();
    });

    it('tells the work when the lock was deleted, and leaves the next holder alone', async () => {
        const { lock, warnings } = await openLock(used.memcached);
        const reason = await lock.withLock('trace-1', 'key', { ttl: 300 }, async signal => {
            await used.client.set('key', 'theirs');
            return aborted(signal);
        });
        expect(reason).toMatchObject({ code: 'LOCK_LOST', status: 409, trace_id: 'trace-1', details: { key: 'key' } });
        expect(await stored('key')).toBe('theirs');
        expect(lock.counts.lost).toBe(1);
        expect(warnings.length).toBe(1);
    });

    it('tells the work when the lock cannot be renewed in time, also while a renewal waits for its answer', async () => {
        const { lock } = await openLock(used.proxy, { request_timeout: 5000 });
        let ms = NaN;
        const outcome = await codeOf(
            lock.withLock(null, 'key', { ttl: 600 }, async (signal, lease) => {
                const begun = performance.now();
                used.proxy.begin(swallowing(REPLACE));
                await aborted(signal);
                ms = performance.now() - begun;
                expect(lease.isHeld()).toBe(false);
                used.proxy.begin({ strike: link => link.reset() });
                signal.throwIfAborted();
            }),
        );
        expect(outcome).toBe('LOCK_LOST');
        expect(ms).toBeGreaterThan(500);
        expect(ms).toBeLessThan(1000);
        expect(await stored('key')).toBeNull();
    });

    it('does not notice an outage that is shorter than the ttl', async () => {
        const { lock } = await openLock(used.proxy, { request_timeout: 150, failures: 3, retry: 100 });
        const isAborted = await lock.withLock(null, 'key', { ttl: 3000 }, async signal => {
            await delay(900);
            await used.proxy.refuse();
            await delay(900);
            await used.proxy.listenAgain();
            await delay(2000);
            return signal.aborted;
        });
        expect(isAborted).toBe(false);
        expect(await stored('key')).toBeNull();
    });

    it('tells the work when the event loop was blocked for longer than the ttl', async () => {
        const { lock } = await openLock(used.memcached);
        const { lock: other } = await openLock(used.memcached);
        const outcome = await codeOf(
            lock.withLock(null, 'key', { ttl: 500 }, async (signal, lease) => {
                blockEventLoop(700);
                expect(lease.isHeld()).toBe(false);
                // The lock is still in the server, but nobody here may rely on that.
                await delay(0);
                await delay(0);
                signal.throwIfAborted();
                return other.counts;
            }),
        );
        expect(outcome).toBe('LOCK_LOST');
        expect(await stored('key')).toBeNull();
    });

    it('passes on the answer of work that does not listen, although the lock was lost', async () => {
        const { lock } = await openLock(used.memcached);
        const answer = await lock.withLock(null, 'key', { ttl: 300 }, async () => {
            await used.client.delete('key');
            await delay(500);
            return 'done';
        });
        expect(answer).toBe('done');
    });

    it.each([
        ['answers', async () => 'done', 'done'],
        ['rejects', () => Promise.reject(Object.assign(new Error('broken'), { code: 'BROKEN' })), 'BROKEN'],
    ])('passes on what the work %s when the release fails', async (_, work: () => Promise<string>, expected) => {
        const { lock, warnings } = await openLock(used.proxy, { request_timeout: 100 });
        const outcome = codeOf(
            lock.withLock(null, 'key', { ttl: 60_000 }, async () => {
                used.proxy.begin({ request() {}, reply() {}, mute: true });
                return work();
            }),
        );
        expect(await outcome).toBe(expected);
        expect(warnings).toEqual([expect.stringContaining('could not be released')]);
        expect(lock.counts.unreleased).toBe(1);
        // And it is released when that is possible again.
        used.proxy.begin(passing);
        while ((await stored('key')) !== null) await delay(20);
    });

    it('waits for a renewal under way before it releases', async () => {
        const { lock } = await openLock(used.proxy, { request_timeout: 5000 });
        const held: (() => void)[] = [];
        let opcodes: number[] = [];
        const working = lock.withLock(null, 'key', { ttl: 900 }, async () => {
            opcodes = [];
            used.proxy.begin({
                request(link, chunk) {
                    opcodes.push(chunk[1]!);
                    if (chunk[1] === REPLACE) held.push(() => link.toServer(chunk));
                    else link.toServer(chunk);
                },
            });
            while (held.length === 0) await delay(5);
        });
        while (held.length === 0) await delay(5);
        await delay(50);
        held[0]!();
        await working;
        expect(opcodes).toEqual([REPLACE, DELETE]);
        expect(await stored('key')).toBeNull();
    });

    it('hands the signal of its caller to the work, and stays in it until the work has ended', async () => {
        const { lock } = await openLock(used.memcached);
        const controller = new AbortController();
        const reason = new Error('enough');
        const outcome = lock.withLock(null, 'key', { ttl: 300, signal: controller.signal }, async (signal, lease) => {
            controller.abort(reason);
            expect(signal.reason).toBe(reason);
            await delay(1000);
            expect(lease.isHeld()).toBe(true);
            return 'tidied up';
        });
        expect(await outcome).toBe('tidied up');
        expect(await stored('key')).toBeNull();
    });

    it('leaves no listener on the signal of its caller', async () => {
        const { lock } = await openLock(used.memcached);
        const { signal } = new AbortController();
        const added = jest.spyOn(signal, 'addEventListener');
        const removed = jest.spyOn(signal, 'removeEventListener');
        await lock.acquireLock(null, 'busy', 1000);
        await codeOf(lock.withLock(null, 'busy', { timeout: 300, signal }, () => 'worked'));
        await lock.withLock(null, 'key', { signal }, () => 'worked');
        expect(added.mock.calls.length).toBeGreaterThan(1);
        for (const [, listener] of added.mock.calls) {
            expect(removed.mock.calls.map(([, other]) => other)).toContain(listener);
        }
    });

    it('lets the work release the lock itself', async () => {
        const { lock } = await openLock(used.memcached);
        const isAborted = await lock.withLock(null, 'key', { ttl: 150 }, async (signal, lease) => {
            await lease.release();
            await used.client.set('key', 'theirs');
            await delay(400);
            return signal.aborted;
        });
        expect(isAborted).toBe(false);
        expect(await stored('key')).toBe('theirs');
        expect(lock.counts.lost).toBe(0);
    });

    it('does not take back the time that the work has given itself', async () => {
        const { lock } = await openLock(used.memcached);
        await lock.withLock(null, 'key', { ttl: 300 }, async (signal, lease) => {
            await lease.extend(20_000);
            await delay(300);
            blockEventLoop(1000);
            await delay(0);
            expect([signal.aborted, lease.isHeld()]).toEqual([false, true]);
        });
    });

    it('when the component is closed goes on until the ttl is over', async () => {
        const { lock } = await openLock(used.memcached);
        const begun = performance.now();
        const outcome = await codeOf(
            lock.withLock(null, 'key', { ttl: 500 }, async signal => {
                await lock.close(null);
                await aborted(signal);
                signal.throwIfAborted();
            }),
        );
        expect(outcome).toBe('LOCK_LOST');
        expect(performance.now() - begun).toBeGreaterThan(450);
    });

    it('lets one of many work at a time', async () => {
        const { lock } = await openLock(used.memcached, { retry_timeout: 5 });
        const { lock: other } = await openLock(used.memcached, { retry_timeout: 5 });
        let inside = 0;
        let most = 0;
        let count = 0;
        const tokens: bigint[] = [];
        const work = async (_: AbortSignal, lease: Lease): Promise<void> => {
            most = Math.max(most, ++inside);
            tokens.push(lease.fencingToken);
            await delay(1);
            inside--;
            count++;
        };
        await Promise.all(
            Array.from({ length: 60 }, (_, i) =>
                (i % 2 ? lock : other).withLock(null, 'key', { ttl: 5000, timeout: 20_000 }, work),
            ),
        );
        expect([most, count]).toEqual([1, 60]);
        expect(tokens).toEqual([...tokens].sort((a, b) => (a < b ? -1 : 1)));
    });
});

describe('a holder that is suspended', () => {
    let child: ChildProcess;
    beforeEach(() => {
        child = fork(join(__dirname, 'holderChild.ts'), [String(used.memcached.port), 'key', '1000'], {
            execArgv: ['-r', join(__dirname, '../support/register.cjs')],
        });
    });
    afterEach(() => void child.kill('SIGKILL'));

    const next = async (): Promise<unknown> => ((await once(child, 'message')) as unknown[])[0];

    it('past its ttl knows that it has lost the lock, and does not touch that of the next one', async () => {
        expect(await next()).toMatchObject({ event: 'working', isHeld: true });
        child.kill('SIGSTOP');
        const { lock } = await openLock(used.memcached, { retry_timeout: 50 });
        const begun = performance.now();
        const lease = await lock.acquireLease(null, 'key', 60_000, 10_000);
        expect(performance.now() - begun).toBeLessThan(1000 + 2500);
        const woken = next();
        child.kill('SIGCONT');
        expect(await woken).toMatchObject({ event: 'lost', code: 'LOCK_LOST', isHeld: false });
        expect(await next()).toMatchObject({ event: 'done' });
        expect(await stored('key')).toBe(lease.token);
        expect(await lease.extend()).toBe(true);
        await lease.release();
    });

    it('for less than its ttl goes on', async () => {
        expect(await next()).toMatchObject({ event: 'working', isHeld: true });
        child.kill('SIGSTOP');
        await delay(200);
        child.kill('SIGCONT');
        await delay(1500);
        expect(await stored('key')).not.toBeNull();
        child.send('finish');
        expect(await next()).toMatchObject({ event: 'done' });
        expect(await stored('key')).toBeNull();
    });
});
