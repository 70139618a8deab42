import { ConfigParams, Context } from 'pip-services4-components-node';
import { MemcachedLock } from 'pip-services4-memcached-node';
import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { aborted } from './aborted';
import { storedIn } from './storedIn';

const server = useServer();
const open = useOpener();
const stored = storedIn(server);

describe('MemcachedLock', () => {
    it('rejects calls before open', async () => {
        const lock = new MemcachedLock();
        expect(lock.isOpen()).toBe(false);
        for (const call of [
            lock.tryAcquireLock('trace-1', open.key, 1000),
            lock.acquireLock('trace-1', open.key, 1000, 0),
            lock.withLock('trace-1', open.key, {}, () => 'worked'),
        ]) {
            await expect(call).rejects.toMatchObject({ code: 'NOT_OPENED', trace_id: 'trace-1' });
        }
        await lock.releaseLock(null, open.key);
        await lock.close(null);
    });

    it.each([undefined, null, 'trace', {}, { get: () => undefined }, 7])('accepts %p as a context', async context => {
        const lock = await open.lock(server);
        const client = await open.client(server);
        const any = context as string;
        const reason = await lock.withLock(any, open.key, { ttl: 100 }, async signal => {
            await client.set(open.key, 'theirs');
            return aborted(signal);
        });
        expect(reason).toMatchObject({ code: 'LOCK_LOST' });
        expect(await codeOf(lock.acquireLock(any, open.key, 1000, 0))).toBe('LOCK_TIMEOUT');
    });

    it('prepends its prefix to every key, and counts the bytes of both', async () => {
        const lock = await open.lock(server, { prefix: 'my:', max_key_size: 10 });
        await lock.acquireLock(null, '1234567', 1000, 0);
        expect(await stored('my:1234567')).not.toBeNull();
        await expect(lock.acquireLock(Context.fromTraceId('trace-1'), '12345678', 1000, 0)).rejects.toMatchObject({
            code: 'INVALID_KEY',
            trace_id: 'trace-1',
        });
        for (const key of ['', 'a b', 'é'.repeat(4), 'a\n', null, undefined, 7]) {
            expect(await codeOf(lock.tryAcquireLock(null, key as string, 1000))).toBe('INVALID_KEY');
            await lock.releaseLock(null, key as string);
        }
        await lock.releaseLock(null, '1234567');
    });

    it('keeps its locks when it closes, and can release them after the next open', async () => {
        const lock = await open.lock(server);
        await lock.acquireLock(null, open.key, 10_000, 0);
        const lease = await lock.acquireLease(null, 'other', 10_000, 0);
        await lock.close(null);
        expect(await stored(open.key)).not.toBeNull();
        expect(lease.isHeld()).toBe(true);
        expect(await codeOf(lease.extend())).toBe('NOT_OPENED');
        expect(await codeOf(lock.releaseLock(null, open.key))).toBe('NOT_OPENED');

        await lock.open(null);
        expect(await lease.extend()).toBe(true);
        await lease.release();
        await lock.releaseLock(null, open.key);
        expect([await stored(open.key), await stored('other')]).toEqual([null, null]);
    });

    it('rejects invalid options', () => {
        const lock = new MemcachedLock();
        const configure = (): void => lock.configure(ConfigParams.fromTuples('options.retry_timeout', 'soon'));
        expect(configure).toThrow(/options.retry_timeout/);
    });

    it('forgets locks that have been over for long', async () => {
        const lock = await open.lock(server);
        const now = performance.now.bind(performance);
        const spy = jest.spyOn(performance, 'now');
        for (let i = 0; i < 1000; i++) await lock.tryAcquireLock(null, `old:${i}`, 1000);
        spy.mockImplementation(() => now() + 60_000);
        for (let i = 0; i < 600; i++) {
            await lock.tryAcquireLock(null, `new:${i}`, 60_000);
            await lock.releaseLock(null, `new:${i}`);
        }
        const { heldLocks } = lock as unknown as { heldLocks: { size: number } };
        expect(heldLocks.size).toBe(0);
        spy.mockRestore();
    });
});
