import { once } from 'node:events';
import { join } from 'node:path';
import { codeOf } from '../support/codeOf';
import { forkSource } from '../support/forkSource';
import { timed } from '../support/LagMeter';
import { useOpener, useServer, type Opener } from '../support/Opener';
import { SideBySide } from '../support/sideBySide';
import { sleep } from '../support/sleep';
import { storedIn } from './storedIn';

const server = useServer();
const open = useOpener();
const stored = storedIn(server);

function blockEventLoop(ms: number): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe('withLock in a blocked process', () => {
    it('aborts the work when the event loop is blocked for longer than the ttl', async () => {
        const lock = await open.lock(server);
        const other = await open.lock(server);
        const outcome = await codeOf(
            lock.withLock(null, open.key, { ttl: 500 }, async (signal, lease) => {
                blockEventLoop(700);
                expect(lease.isHeld()).toBe(false);
                // The server still has the lock, but the holder may not rely on it.
                await sleep(0);
                await sleep(0);
                signal.throwIfAborted();
                return other.counts;
            }),
        );
        expect(outcome).toBe('LOCK_LOST');
        expect(await stored(open.key)).toBeNull();
    });

    it('keeps the longer ttl that the work has set', async () => {
        const lock = await open.lock(server);
        await lock.withLock(null, open.key, { ttl: 300 }, async (signal, lease) => {
            await lease.extend(20_000);
            await sleep(300);
            blockEventLoop(1000);
            await sleep(0);
            expect([signal.aborted, lease.isHeld()]).toEqual([false, true]);
        });
    });
});

describe('a suspended holder', () => {
    const holders = new SideBySide();

    /** Starts a process that holds the lock, and returns it with a reader of its messages. */
    function startHolder(open: Opener, ttlMs: number) {
        const child = forkSource(join(__dirname, 'holderChild.ts'), [server.port, open.key, ttlMs]);
        open.atEnd(() => child.kill('SIGKILL'));
        return { child, next: async (): Promise<unknown> => ((await once(child, 'message')) as unknown[])[0] };
    }

    holders.it('knows after its ttl that it has lost the lock, and keeps the lock of the next holder', async open => {
        const { child, next } = startHolder(open, 1000);
        expect(await next()).toMatchObject({ event: 'working', isHeld: true });
        child.kill('SIGSTOP');
        const lock = await open.lock(server, { retry_timeout: 50 });
        const acquiring = lock.acquireLease(null, open.key, 60_000, 10_000);
        expect(await timed(() => acquiring)).toBeLessThan(1000 + 2500);
        const lease = await acquiring;
        const woken = next();
        child.kill('SIGCONT');
        expect(await woken).toMatchObject({ event: 'lost', code: 'LOCK_LOST', isHeld: false });
        expect(await next()).toMatchObject({ event: 'done' });
        expect(await stored(open.key)).toBe(lease.token);
        expect(await lease.extend()).toBe(true);
        await lease.release();
    });

    holders.it('continues after a suspension shorter than its ttl', async open => {
        const { child, next } = startHolder(open, 1000);
        expect(await next()).toMatchObject({ event: 'working', isHeld: true });
        child.kill('SIGSTOP');
        await sleep(200);
        child.kill('SIGCONT');
        await sleep(1500);
        expect(await stored(open.key)).not.toBeNull();
        child.send('finish');
        expect(await next()).toMatchObject({ event: 'done' });
        expect(await stored(open.key)).toBeNull();
    });
});
