import { blackHole } from '../faults/replyFaults';
import { codeOf } from '../support/codeOf';
import { timed } from '../support/LagMeter';
import { useServer } from '../support/Opener';
import type { FaultProxy } from '../support/proxy/FaultProxy';
import { losing } from '../support/proxy/loseNext';
import { SideBySide } from '../support/sideBySide';
import { sleep } from '../support/sleep';
import { lockBehindProxy } from './lockBehindProxy';

const server = useServer();
const away = new SideBySide();

describe('an unavailable memcached', () => {
    for (const [how, breaks, withinMs] of [
        ['silent', proxy => proxy.begin(blackHole), 1000],
        ['not listening', proxy => proxy.refuse(), 700],
    ] as [string, (proxy: FaultProxy) => void | Promise<void>, number][]) {
        away.it(`rejects every call in time when it is ${how}`, async open => {
            const { lock, proxy } = await lockBehindProxy(open, server);
            const lease = (await lock.tryAcquireLease(null, `${open.key}-held`, 10_000))!;
            await breaks(proxy);
            for (const attempt of [
                () => lock.tryAcquireLock('trace-1', open.key, 1000),
                () => lock.acquireLock('trace-1', open.key, 1000, 60_000),
                () => lock.withLock('trace-1', open.key, {}, () => 'worked'),
                () => lease.extend(),
                () => lease.release(),
            ]) {
                let code = '';
                const ms = await timed(async () => (code = await codeOf(attempt())));
                expect(code).toMatch(/^(TIMEOUT|CONNECTION_LOST|SERVER_DOWN)$/);
                expect(ms).toBeLessThan(withinMs);
            }
        });
    }

    away.it('rejects a try and a release within two request timeouts when it is suspended', async open => {
        const requestTimeoutMs = 1000;
        const suspended = await open.server();
        const lock = await open.lock(suspended, { request_timeout: requestTimeoutMs });
        const lease = (await lock.tryAcquireLease(null, 'held', 60_000))!;
        await open.stop(suspended);
        for (const attempt of [() => lock.tryAcquireLock(null, open.key, 1000), () => lease.release()]) {
            let code = '';
            const ms = await timed(async () => (code = await codeOf(attempt())));
            expect(code).toBe('TIMEOUT');
            expect(ms).toBeLessThan(2 * requestTimeoutMs + 300);
        }
    });

    away.it('opens with fail_soft, but rejects every call', async open => {
        const dead = await open.server();
        await open.kill(dead);
        const lock = await open.lock(dead, { fail_soft: 'true', request_timeout: 500 });
        const work = jest.fn();
        for (const call of [
            lock.tryAcquireLock(null, open.key, 1000),
            lock.tryAcquireLease(null, open.key, 1000),
            lock.acquireLock(null, open.key, 1000, 60_000),
            lock.withLock(null, open.key, {}, work),
        ]) {
            expect(await codeOf(call)).toMatch(/^(TIMEOUT|CONNECTION_LOST|SERVER_DOWN)$/);
        }
        expect(work).not.toHaveBeenCalled();
    });

    away.it('ends the wait with an error, and a later try gets the free lock', async open => {
        const { lock, proxy } = await lockBehindProxy(open, server, { retry: 200 });
        await proxy.refuse();
        expect(await codeOf(lock.acquireLock(null, open.key, 1000, 5000))).toMatch(
            /CONNECTION_LOST|SERVER_DOWN|TIMEOUT/,
        );
        await proxy.listenAgain();
        // Without this pause, calls that fail at once delay the answer to the probe.
        while ((await codeOf(lock.tryAcquireLock(null, open.key, 1000))) !== 'answered true') await sleep(5);
        await lock.releaseLock(null, open.key);
    });

    away.it('retries reads, so that a reset in between has no effect', async open => {
        const { lock, proxy } = await lockBehindProxy(open, server);
        proxy.begin(losing('add', 'the reply', 'a reset'));
        const { replyFrames } = proxy;
        const taking = lock.tryAcquireLock(null, open.key, 10_000);
        await proxy.until(now => now.replyFrames > replyFrames);
        proxy.begin(losing('get', 'the reply', 'a reset'));
        expect(await taking).toBe(true);
        await lock.releaseLock(null, open.key);
    });
});
