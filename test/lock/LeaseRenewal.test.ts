import { Session } from '../../src/component/Session';
import { Lease, type LeaseOwner } from '../../src/lock/Lease';
import type { StoredLock } from '../../src/lock/LockStore';
import { LeaseRenewal } from '../../src/lock/LeaseRenewal';
import { Timestamp } from '../../src/lock/LeaseDeadline';

const TTL_MS = 9000;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

type Answer = () => Promise<StoredLock | null>;

const stored = (): StoredLock => ({ token: 't', cas: 1n, epoch: 0, since: new Timestamp(), isUnsettled: false });
const extended: Answer = async () => stored();
const gone: Answer = async () => null;
const failed: Answer = () => Promise.reject(new Error('no answer'));
const unanswered: Answer = () => new Promise(() => {});

/**
 * Creates a lease with a fake owner, and its renewal.
 * `extensions` records the time and the ttl of each request.
 */
function renewed(signal?: AbortSignal) {
    const begunMs = performance.now();
    const extensions: [number, number][] = [];
    const server = { answer: extended };
    const session = new Session();
    const owner: LeaseOwner = {
        session,
        toTtl: ttl => ttl!,
        store: {
            extend: (_key, _lock, ttlMs) => {
                extensions.push([performance.now() - begunMs, Math.round(ttlMs)]);
                return server.answer();
            },
            release: async () => true,
        },
        metrics: { count: () => {}, onLost: () => {}, onReleaseFailed: () => {} },
    };
    const lease = new Lease(owner, null, 'key', 'key', stored(), TTL_MS);
    const renewal = new LeaseRenewal(lease, () => new Error('lost'), signal);
    return { extensions, server, lease, renewal };
}

describe('LeaseRenewal', () => {
    it('extends at every third of the ttl', async () => {
        const { extensions, renewal } = renewed();
        await jest.advanceTimersByTimeAsync(9000);
        expect(extensions).toEqual([
            [3000, TTL_MS],
            [6000, TTL_MS],
            [9000, TTL_MS],
        ]);
        expect(renewal.signal.aborted).toBe(false);
        await renewal.stop();
        await jest.advanceTimersByTimeAsync(60_000);
        expect(extensions).toHaveLength(3);
        expect(jest.getTimerCount()).toBe(0);
    });

    it('retries after a tenth of the ttl when an extension fails, then continues in thirds', async () => {
        const { extensions, server, renewal } = renewed();
        server.answer = failed;
        await jest.advanceTimersByTimeAsync(3900);
        server.answer = extended;
        await jest.advanceTimersByTimeAsync(3900);
        expect(extensions.map(([ms]) => ms)).toEqual([3000, 3900, 4800, 7800]);
        expect(renewal.signal.aborted).toBe(false);
        await renewal.stop();
    });

    it('aborts when no extension has succeeded by the deadline of the lease', async () => {
        const { extensions, server, renewal } = renewed();
        server.answer = failed;
        await jest.advanceTimersByTimeAsync(8909);
        expect(renewal.signal.aborted).toBe(false);
        await jest.advanceTimersByTimeAsync(1);
        expect(renewal.signal.reason).toEqual(new Error('lost'));
        expect(extensions).toHaveLength(18);
        expect(jest.getTimerCount()).toBe(0);
    });

    it('aborts at the deadline while an extension is pending', async () => {
        const { server, renewal } = renewed();
        server.answer = unanswered;
        await jest.advanceTimersByTimeAsync(8909);
        expect(renewal.signal.aborted).toBe(false);
        await jest.advanceTimersByTimeAsync(1);
        expect(renewal.signal.aborted).toBe(true);
    });

    it('aborts at once when the lock is gone', async () => {
        const { extensions, server, renewal } = renewed();
        server.answer = gone;
        await jest.advanceTimersByTimeAsync(3000);
        expect(renewal.signal.reason).toEqual(new Error('lost'));
        await jest.advanceTimersByTimeAsync(60_000);
        expect(extensions).toHaveLength(1);
    });

    it('does not extend a lease when its timer fires after the deadline', async () => {
        const { extensions, renewal } = renewed();
        // The process stands still, so both clocks advance but no timer fires.
        const now = performance.now.bind(performance);
        const standstill = jest.spyOn(performance, 'now').mockImplementation(() => now() + TTL_MS);
        await jest.advanceTimersByTimeAsync(3000);
        standstill.mockRestore();
        expect(renewal.signal.aborted).toBe(true);
        expect(extensions).toEqual([]);
    });

    it('keeps the ttl that the work has set', async () => {
        const { extensions, lease, renewal } = renewed();
        await lease.extend(60_000);
        await jest.advanceTimersByTimeAsync(3000);
        // 56.4 s are 99 % of 60 s, less 3 s.
        expect(extensions).toEqual([
            [0, 60_000],
            [3000, 56_400],
        ]);
        await renewal.stop();
    });

    it('extends in time when the work shortens its lease', async () => {
        const { extensions, lease, renewal } = renewed();
        await jest.advanceTimersByTimeAsync(1000);
        await lease.extend(600);
        await jest.advanceTimersByTimeAsync(3200);
        // 198 ms are a third of 99 % of 600 ms.
        expect(extensions).toEqual([
            [1000, 600],
            [1198, TTL_MS],
            [4198, TTL_MS],
        ]);
        expect(renewal.signal.aborted).toBe(false);
        await renewal.stop();
        await lease.extend(600);
        expect(jest.getTimerCount()).toBe(0);
    });

    it('extends in time when the work shortens its lease during a renewal', async () => {
        const { extensions, server, lease, renewal } = renewed();
        let reply = (_lock: StoredLock): void => {};
        server.answer = () => new Promise(resolve => (reply = resolve));
        await jest.advanceTimersByTimeAsync(3000);
        server.answer = extended;
        const shortening = lease.extend(600);
        reply(stored());
        expect(await shortening).toBe(true);
        await jest.advanceTimersByTimeAsync(1000);
        expect(extensions).toEqual([
            [3000, TTL_MS],
            [3000, 600],
            [3198, TTL_MS],
        ]);
        expect(renewal.signal.aborted).toBe(false);
        await renewal.stop();
    });

    it('keeps the ttl that the work has set just before a renewal', async () => {
        const { extensions, server, lease, renewal } = renewed();
        await jest.advanceTimersByTimeAsync(2999);
        let reply = (_lock: StoredLock): void => {};
        server.answer = () => new Promise(resolve => (reply = resolve));
        const extending = lease.extend(60_000);
        await jest.advanceTimersByTimeAsync(1);
        server.answer = extended;
        reply(stored());
        expect(await extending).toBe(true);
        await jest.advanceTimersByTimeAsync(0);
        expect(lease.remaining()).toBeGreaterThan(55_000);
        expect(extensions).toHaveLength(2);
        await renewal.stop();
    });

    it('retries in time when the renewal of a shortened lease fails', async () => {
        const { extensions, server, lease, renewal } = renewed();
        await lease.extend(600);
        server.answer = failed;
        await jest.advanceTimersByTimeAsync(198);
        server.answer = extended;
        await jest.advanceTimersByTimeAsync(1000);
        // After each failure, the pause is at most a third of the remaining time.
        expect(extensions).toEqual([
            [0, 600],
            [198, TTL_MS],
            [330, TTL_MS],
        ]);
        expect(renewal.signal.aborted).toBe(false);
        await renewal.stop();
    });

    it('aborts at the earlier deadline of a lease that the work has shortened', async () => {
        const { server, lease, renewal } = renewed();
        server.answer = failed;
        await expect(lease.extend(600)).rejects.toThrow('no answer');
        await jest.advanceTimersByTimeAsync(593);
        expect([lease.isHeld(), renewal.signal.aborted]).toEqual([true, false]);
        await jest.advanceTimersByTimeAsync(1);
        expect([lease.isHeld(), renewal.signal.aborted]).toEqual([false, true]);
        expect(jest.getTimerCount()).toBe(0);
    });

    it('does not abort when the work releases the lease', async () => {
        const { lease, renewal } = renewed();
        await lease.release();
        await jest.advanceTimersByTimeAsync(60_000);
        expect(renewal.signal.aborted).toBe(false);
        expect(jest.getTimerCount()).toBe(0);
    });

    it('pauses for at least 10 ms, however short the ttl is', async () => {
        const { extensions, lease, renewal } = renewed();
        await renewal.stop();
        await lease.extend(20);
        const short = new LeaseRenewal(lease, () => new Error('lost'));
        await jest.advanceTimersByTimeAsync(10);
        expect(extensions.map(([ms]) => ms)).toEqual([0, 10]);
        await short.stop();
    });

    it('aborts with the signal of the caller, and continues to extend', async () => {
        const controller = new AbortController();
        const { extensions, renewal } = renewed(controller.signal);
        controller.abort('enough');
        expect(renewal.signal.reason).toBe('enough');
        await jest.advanceTimersByTimeAsync(3000);
        expect(extensions).toHaveLength(1);
        await renewal.stop();
    });

    it('waits in stop for a pending extension', async () => {
        const { server, renewal } = renewed();
        let answer = (): void => {};
        server.answer = () => new Promise(resolve => (answer = () => resolve(stored())));
        await jest.advanceTimersByTimeAsync(3000);
        let isStopped = false;
        const stopping = renewal.stop().then(() => (isStopped = true));
        await jest.advanceTimersByTimeAsync(100);
        expect(isStopped).toBe(false);
        answer();
        await stopping;
    });
});
