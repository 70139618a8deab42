import { codeOf } from '../support/codeOf';
import { timed } from '../support/LagMeter';
import { useServer } from '../support/Opener';
import { passing, type Fault } from '../support/proxy/FaultProxy';
import { describeEachLoss, losing, type Point } from '../support/proxy/loseNext';
import { verbOf } from '../support/proxy/messages';
import type { Verb } from '../support/proxy/verbs';
import { SideBySide } from '../support/sideBySide';
import { sleep } from '../support/sleep';
import { lockBehindProxy } from './lockBehindProxy';
import { storedIn } from './storedIn';

const OPTIONS = { request_timeout: 1000, retry_timeout: 20 };

const server = useServer();
const stored = storedIn(server);

describeEachLoss(server, (it, point, end) => {
    it('acquires the lock despite the loss', async ({ open, proxy, key, lose }) => {
        const lock = await open.lock(proxy, OPTIONS);
        const client = await open.client(server);
        lose('add');
        const acquiring = lock.tryAcquireLease(null, key, 10_000);
        expect(await timed(() => acquiring)).toBeLessThan(2000);
        const lease = await acquiring;
        expect(lease!.isHeld()).toBe(true);
        // The lease counts from before the first byte of the request.
        expect(lease!.remaining()).toBeLessThanOrEqual(9900 - (end === 'silence' && point !== 'the request' ? 990 : 0));
        expect(await stored(key)).toBe(lease!.token);
        expect(lease!.fencingToken).toBe((await client.gets(key)).cas);
        expect(await lock.tryAcquireLock(null, key, 10_000)).toBe(false);
        await lease!.release();
        expect(await stored(key)).toBeNull();
    });

    it('reports a lock of another holder as busy', async ({ open, proxy, key, lose }) => {
        const lock = await open.lock(proxy, OPTIONS);
        const client = await open.client(server);
        await client.set(key, 'somebody');
        lose('add');
        expect(await lock.tryAcquireLock(null, key, 10_000)).toBe(false);
        expect(await stored(key)).toBe('somebody');
    });

    it('extends the lock despite the loss', async ({ open, proxy, key, lose }) => {
        const lock = await open.lock(proxy, OPTIONS);
        const lease = (await lock.tryAcquireLease(null, key, 10_000))!;
        lose('cas');
        expect(await lease.extend(60_000)).toBe(true);
        expect(lease.remaining()).toBeGreaterThan(50_000);
        expect(await stored(key)).toBe(lease.token);
        expect(await lease.extend(30_000)).toBe(true);
        await lease.release();
        expect(await stored(key)).toBeNull();
        expect(lock.counts).toMatchObject({ released: 1, lost: 0 });
    });

    it('releases the lock despite the loss', async ({ open, proxy, key, lose }) => {
        const lock = await open.lock(proxy, OPTIONS);
        const lease = (await lock.tryAcquireLease(null, key, 10_000))!;
        lose('delete');
        await lease.release();
        expect(await stored(key)).toBeNull();
        expect(lock.counts).toMatchObject({ released: 1, lost: 0, releaseFailures: 0 });
    });

    it('releases no lock of the next holder despite the loss', async ({ open, proxy, key, lose }) => {
        const lock = await open.lock(proxy, OPTIONS);
        const client = await open.client(server);
        const lease = (await lock.tryAcquireLease(null, key, 10_000))!;
        await client.set(key, 'somebody');
        lose('delete');
        await lease.release();
        expect(await stored(key)).toBe('somebody');
    });
});

describe('a lost reply whose check is lost too', () => {
    const unanswered = new SideBySide();

    unanswered.it('rejects the acquisition, and deletes the lock later', async open => {
        const { lock, proxy } = await lockBehindProxy(open, server, { retries: 0 });
        proxy.begin(losingAllAfterFirst('add'));
        expect(await codeOf(lock.tryAcquireLock(null, open.key, 60_000))).toMatch(/CONNECTION_LOST|TIMEOUT/);
        expect(await stored(open.key)).not.toBeNull();
        proxy.begin(passing);
        while (lock.counts.orphansDeleted === 0) await sleep(20);
        expect(await stored(open.key)).toBeNull();
        expect(lock.counts).toMatchObject({ acquired: 0, orphansDeleted: 1 });
    });

    unanswered.it('does not delay the next attempt for the key', async open => {
        const { lock, proxy } = await lockBehindProxy(open, server, { retries: 0 });
        proxy.begin(losingAllAfterFirst('add'));
        expect(await codeOf(lock.tryAcquireLock(null, open.key, 60_000))).toMatch(/CONNECTION_LOST|TIMEOUT/);
        proxy.begin(passing);
        expect(await lock.tryAcquireLock(null, open.key, 60_000)).toBe(true);
        await sleep(800);
        expect(await lock.extendLock(null, open.key)).toBe(true);
        await lock.releaseLock(null, open.key);
    });

    unanswered.it('lets the next attempt get the lock even when its own reply is lost', async open => {
        const { lock, proxy } = await lockBehindProxy(open, server, { retries: 0 });
        proxy.begin(losingAllAfterFirst('add'));
        expect(await codeOf(lock.tryAcquireLock(null, open.key, 60_000))).toMatch(/CONNECTION_LOST|TIMEOUT/);
        proxy.begin(losing('add', 'the reply', 'a reset'));
        expect(await lock.tryAcquireLock(null, open.key, 60_000)).toBe(true);
        expect(lock.counts).toMatchObject({ acquired: 1, busy: 0, orphansDeleted: 1 });
    });

    unanswered.it('deletes the lock when the component closes', async open => {
        const { lock, proxy } = await lockBehindProxy(open, server, { retries: 0 });
        proxy.begin(losingAllAfterFirst('add'));
        expect(await codeOf(lock.tryAcquireLock(null, open.key, 60_000))).toMatch(/CONNECTION_LOST|TIMEOUT/);
        proxy.begin(passing);
        await lock.close(null);
        expect(await stored(open.key)).toBeNull();
    });

    unanswered.it('rejects a release, which the caller or the component retries', async open => {
        const { lock, proxy } = await lockBehindProxy(open, server, { retries: 0 });
        for (const isTriedByUs of [true, false]) {
            await lock.acquireLock(null, open.key, 60_000, 0);
            proxy.begin(losingAllAfterFirst('delete', 'the request'));
            expect(await codeOf(lock.releaseLock('trace-1', open.key))).toMatch(/CONNECTION_LOST|TIMEOUT/);
            proxy.begin(passing);
            if (isTriedByUs) await lock.releaseLock(null, open.key);
            else while (lock.counts.orphansDeleted === 0) await sleep(20);
            expect(await stored(open.key)).toBeNull();
        }
        expect(lock.counts).toMatchObject({ releaseFailures: 2, orphansDeleted: 1 });
        await lock.releaseLock(null, open.key);
    });

    unanswered.it('rejects an extension, and leaves the lease unchanged', async open => {
        const { lock, proxy } = await lockBehindProxy(open, server, { retries: 0 });
        const lease = (await lock.tryAcquireLease('trace-1', open.key, 10_000))!;
        proxy.begin(losingAllAfterFirst('cas'));
        await expect(lease.extend(60_000)).rejects.toMatchObject({ trace_id: 'trace-1' });
        expect(lease.isHeld()).toBe(true);
        expect(lease.remaining()).toBeLessThan(9900);
        proxy.begin(passing);
        expect(await lease.extend(60_000)).toBe(true);
        await lease.release();
        expect(await stored(open.key)).toBeNull();
    });

    unanswered.it('shortens the lease at once when the reply to a shorter extension is lost', async open => {
        const { lock, proxy } = await lockBehindProxy(open, server, { retries: 0 });
        const lease = (await lock.tryAcquireLease(null, open.key, 60_000))!;
        proxy.begin(losingAllAfterFirst('cas'));
        expect(await codeOf(lease.extend(1000))).toMatch(/CONNECTION_LOST|TIMEOUT/);
        expect(lease.remaining()).toBeLessThan(1000);
        proxy.begin(passing);
        await lease.release();
    });

    /** Passes the first request with this verb to the server, and drops all later bytes. */
    function losingAllAfterFirst(verb: Verb, point: Point = 'the reply'): Fault {
        let isOver = false;
        return {
            request(link, chunk) {
                if (!isOver && (point === 'the reply' || verbOf(chunk) !== verb)) link.toServer(chunk);
                if (verbOf(chunk) === verb) isOver = true;
            },
            reply(link, frame) {
                if (!isOver) link.toClient(frame);
            },
            mute: true,
        };
    }
});
