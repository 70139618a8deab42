import type { AcquireOptions, WithLockOptions } from 'pip-services4-memcached-node';
import { useOpener, useServer } from '../support/Opener';
import { storedIn } from './storedIn';

const server = useServer();
const open = useOpener();
const stored = storedIn(server);

const refusal = (code: string) => ({ code, status: 400, trace_id: 'trace-1' });

describe('an argument of a lock', () => {
    it.each([
        5,
        'soon',
        true,
        () => 'worked',
        { signal: {} },
        { signal: 'aborted' },
        { signal: new AbortController() },
        { timeoutMs: 1000 },
        [],
    ])('rejects with INVALID_LOCK_OPTION for options of %p', async odd => {
        const lock = await open.lock(server);
        const options = odd as WithLockOptions & AcquireOptions;
        const work = jest.fn();
        for (const call of [
            lock.acquireLease('trace-1', open.key, 1000, 0, options),
            lock.acquireLock('trace-1', open.key, 1000, 0, options),
            lock.withLock('trace-1', open.key, options, work),
        ]) {
            await expect(call).rejects.toMatchObject(refusal('INVALID_LOCK_OPTION'));
        }
        expect(work).not.toHaveBeenCalled();
        expect(await stored(open.key)).toBeNull();
    });

    it.each([{ ttl: 1000 }, { timeout: 0 }])('rejects %p beside the ttl and the timeout of acquireLease', async odd => {
        const lock = await open.lock(server);
        const options = odd as AcquireOptions;
        for (const call of [
            lock.acquireLease('trace-1', open.key, 1000, 0, options),
            lock.acquireLock('trace-1', open.key, 1000, 0, options),
        ]) {
            await expect(call).rejects.toMatchObject(refusal('INVALID_LOCK_OPTION'));
        }
    });

    it.each([undefined, null, {}, { signal: null }, { signal: undefined }])('accepts options of %p', async odd => {
        const lock = await open.lock(server);
        const options = odd as AcquireOptions;
        await (await lock.acquireLease(null, open.key, 1000, 0, options)).release();
        await lock.acquireLock(null, open.key, 1000, 0, options);
        await lock.releaseLock(null, open.key);
        expect(await lock.withLock(null, open.key, options, () => 'worked')).toBe('worked');
    });

    it.each([undefined, null, 'work', {}])('rejects with INVALID_FUNCTION for work of %p', async odd => {
        const lock = await open.lock(server);
        const work = odd as () => void;
        await expect(lock.withLock('trace-1', open.key, {}, work)).rejects.toMatchObject(refusal('INVALID_FUNCTION'));
        expect(lock.counts.acquired).toBe(0);
    });

    it('rejects with INVALID_FUNCTION when the options are missing', async () => {
        const lock = await open.lock(server);
        const withLock = lock.withLock.bind(lock) as (...parameters: unknown[]) => Promise<unknown>;
        await expect(withLock('trace-1', open.key, () => 'worked')).rejects.toMatchObject(refusal('INVALID_FUNCTION'));
    });
});
