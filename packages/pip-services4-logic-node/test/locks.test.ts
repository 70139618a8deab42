import { ConflictException } from 'pip-services4-commons-node';
import type { IContext } from 'pip-services4-components-node';
import { ConfigParams, Context } from 'pip-services4-components-node';
import { Lock, MemoryLock, NullLock } from 'pip-services4-logic-node';

const context = Context.fromTraceId('abc');

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** A lock that is busy until `isFree`. It records the times of the attempts, in ms. */
class ScriptedLock extends Lock {
    public isFree = false;
    public attempts: number[] = [];
    private readonly start = Date.now();

    public async tryAcquireLock(): Promise<boolean> {
        this.attempts.push(Date.now() - this.start);
        return this.isFree;
    }

    public async releaseLock(): Promise<void> {}
}

describe('Lock', () => {
    const outcomeOf = (promise: Promise<void>) => promise.then(() => 'acquired').catch((error: unknown) => error);

    it('acquires a free lock at the first attempt', async () => {
        const lock = new ScriptedLock();
        lock.isFree = true;
        await lock.acquireLock(context, 'key', 1000, 0);
        expect(lock.attempts).toEqual([0]);
    });

    it('tries every 100 ms until the lock is free', async () => {
        const lock = new ScriptedLock();
        const outcome = outcomeOf(lock.acquireLock(context, 'key', 1000, 1000));
        await jest.advanceTimersByTimeAsync(250);
        lock.isFree = true;
        await jest.advanceTimersByTimeAsync(50);
        expect(await outcome).toBe('acquired');
        expect(lock.attempts).toEqual([0, 100, 200, 300]);
    });

    it('tries again every options.retry_timeout', async () => {
        const lock = new ScriptedLock();
        lock.configure(ConfigParams.fromTuples('options.retry_timeout', 30));
        const outcome = outcomeOf(lock.acquireLock(context, 'key', 1000, 60));
        await jest.advanceTimersByTimeAsync(1000);
        expect(await outcome).toBeInstanceOf(ConflictException);
        expect(lock.attempts).toEqual([0, 30, 60]);
    });

    it('rejects with LOCK_TIMEOUT, status 409, the key and the trace id', async () => {
        const outcome = outcomeOf(new ScriptedLock().acquireLock(context, 'mine', 1000, 200));
        await jest.advanceTimersByTimeAsync(1000);
        const error = await outcome;
        expect(error).toBeInstanceOf(ConflictException);
        expect(error).toMatchObject({ code: 'LOCK_TIMEOUT', status: 409, trace_id: 'abc', details: { key: 'mine' } });
    });

    it('takes a string for the trace id, as version 3 containers pass it', async () => {
        const asContext = 'v3' as unknown as IContext;
        const outcome = outcomeOf(new ScriptedLock().acquireLock(asContext, 'mine', 1000, 0));
        await jest.advanceTimersByTimeAsync(100);
        expect(await outcome).toMatchObject({ code: 'LOCK_TIMEOUT', trace_id: 'v3' });
    });

    it('waits once with a timeout of 0, and does not try a lock that becomes free meanwhile', async () => {
        const lock = new ScriptedLock();
        let isSettled = false;
        const outcome = outcomeOf(lock.acquireLock(context, 'key', 1000, 0)).finally(() => (isSettled = true));
        await jest.advanceTimersByTimeAsync(99);
        expect(isSettled).toBe(false);
        lock.isFree = true;
        await jest.advanceTimersByTimeAsync(1);
        expect(await outcome).toMatchObject({ code: 'LOCK_TIMEOUT' });
        expect(lock.attempts).toEqual([0]);
    });

    it('passes context, key and ttl on to each attempt', async () => {
        const lock = new MemoryLock();
        const attempt = jest.spyOn(lock, 'tryAcquireLock');
        await lock.acquireLock(context, 'key', 1000, 0);
        expect(attempt).toHaveBeenCalledWith(context, 'key', 1000);
    });
});

describe('MemoryLock', () => {
    it('is held by one caller until any caller releases it', async () => {
        const lock = new MemoryLock();
        expect(await lock.tryAcquireLock(context, 'key', 1000)).toBe(true);
        expect(await lock.tryAcquireLock(context, 'key', 1000)).toBe(false);
        expect(await lock.tryAcquireLock(context, 'other', 1000)).toBe(true);
        await lock.releaseLock(null, 'key');
        expect(await lock.tryAcquireLock(context, 'key', 1000)).toBe(true);
    });

    it('is free when its ttl is over', async () => {
        const lock = new MemoryLock();
        await lock.tryAcquireLock(context, 'key', 1000);
        jest.advanceTimersByTime(999);
        expect(await lock.tryAcquireLock(context, 'key', 1000)).toBe(false);
        jest.advanceTimersByTime(1);
        expect(await lock.tryAcquireLock(context, 'key', 1000)).toBe(true);
    });

    it('ignores the release of a free lock', async () => {
        await expect(new MemoryLock().releaseLock(context, 'key')).resolves.toBeUndefined();
    });
});

describe('NullLock', () => {
    it('grants the lock to every caller', async () => {
        const lock = new NullLock();
        expect(await lock.tryAcquireLock(context, 'key', 1000)).toBe(true);
        expect(await lock.tryAcquireLock(context, 'key', 1000)).toBe(true);
        await expect(lock.acquireLock(context, 'key', 1000, 0)).resolves.toBeUndefined();
        await expect(lock.releaseLock(context, 'key')).resolves.toBeUndefined();
    });
});
