import { Descriptor, References } from 'pip-services4-components-node';
import { LeaseAcquirer } from '../../src/lock/LeaseAcquirer';
import { codeOf } from '../support/codeOf';
import { useOpener, useServer } from '../support/Opener';
import { holding, passing } from '../support/proxy/FaultProxy';
import { losing } from '../support/proxy/loseNext';
import { verbOf } from '../support/proxy/messages';
import { sleep } from '../support/sleep';
import { lockBehindProxy } from './lockBehindProxy';
import { shutDown } from './shutdowns';
import { storedIn } from './storedIn';

const server = useServer();
const open = useOpener();
const stored = storedIn(server);

describe('close', () => {
    it('starts no work and leaves no lock behind at any moment of a handover', async () => {
        const { begunAfterClose, locksLeft, outcomes } = await shutDown(server, 8);
        expect({ begunAfterClose, locksLeft }).toEqual({ begunAfterClose: 0, locksLeft: 0 });
        expect(Object.keys(outcomes)).toEqual(expect.arrayContaining(['NOT_OPENED']));
        expect(['NOT_OPENED', 'answered worked']).toEqual(expect.arrayContaining(Object.keys(outcomes)));
    });

    it.each(['tryAcquireLock', 'acquireLock', 'tryAcquireLease', 'acquireLease', 'withLock'] as const)(
        'releases a lock that %s is acquiring',
        async verb => {
            const { lock, proxy } = await lockBehindProxy(open, server, { request_timeout: 5000 });
            const { replyFrames } = proxy;
            proxy.begin(holding);
            const work = jest.fn();
            const acquiring = codeOf(
                verb === 'withLock'
                    ? lock.withLock('trace-1', open.key, { ttl: 60_000 }, work)
                    : lock[verb]('trace-1', open.key, 60_000),
            );
            await proxy.until(now => now.replyFrames > replyFrames);
            expect(await stored(open.key)).not.toBeNull();
            const closing = lock.close(null);
            expect(lock.isOpen()).toBe(false);
            proxy.begin(passing);
            await closing;
            expect(await stored(open.key)).toBeNull();
            expect(await acquiring).toBe('NOT_OPENED');
            expect(work).not.toHaveBeenCalled();
        },
    );

    it('prevents the work when close comes between the acquisition and the work', async () => {
        const lock = await open.lock(server);
        const { acquire } = LeaseAcquirer.prototype;
        const closings: Promise<void>[] = [];
        const spy = jest.spyOn(LeaseAcquirer.prototype, 'acquire').mockImplementation(async function (
            this: LeaseAcquirer,
            ...parameters
        ) {
            const lease = await acquire.apply(this, parameters);
            closings.push(lock.close(null));
            return lease;
        });
        const work = jest.fn();
        await expect(lock.withLock('trace-1', open.key, {}, work)).rejects.toMatchObject({
            code: 'NOT_OPENED',
            trace_id: 'trace-1',
        });
        await Promise.all(closings);
        spy.mockRestore();
        expect(work).not.toHaveBeenCalled();
        expect(await stored(open.key)).toBeNull();
    });

    it('rejects calls while it waits for a pending request', async () => {
        const { lock, proxy } = await lockBehindProxy(open, server, { request_timeout: 5000 });
        const { replyFrames } = proxy;
        proxy.begin(holding);
        const acquiring = codeOf(lock.acquireLock(null, open.key));
        await proxy.until(now => now.replyFrames > replyFrames);
        const closing = lock.close(null);
        const { requestFrames } = proxy;
        for (const call of [
            () => lock.tryAcquireLock('trace-1', 'other'),
            () => lock.acquireLock('trace-1', 'other', 1000, 1_000_000),
            () => lock.withLock('trace-1', 'other', {}, () => 'worked'),
        ]) {
            await expect(call()).rejects.toMatchObject({ code: 'NOT_OPENED', trace_id: 'trace-1' });
        }
        expect(proxy.requestFrames).toBe(requestFrames);
        proxy.begin(passing);
        await closing;
        expect(await acquiring).toBe('NOT_OPENED');
    });

    it('waits for a release whose reply is lost', async () => {
        const { lock, proxy } = await lockBehindProxy(open, server);
        const lease = await lock.acquireLease(null, open.key, 60_000);
        proxy.begin(losing('delete', 'the request', 'silence'));
        const releasing = codeOf(lease.release());
        await lock.close(null);
        expect(await releasing).toBe('answered undefined');
        expect(await stored(open.key)).toBeNull();
    });

    it('waits for the release after finished work, even behind a renewal', async () => {
        const { lock, proxy } = await lockBehindProxy(open, server, { request_timeout: 5000 });
        const held: (() => void)[] = [];
        let isOver = false;
        const working = lock.withLock(null, open.key, { ttl: 1500 }, async () => {
            proxy.begin({
                request(link, chunk) {
                    if (verbOf(chunk) === 'cas') held.push(() => link.toServer(chunk));
                    else link.toServer(chunk);
                },
            });
            while (held.length === 0) await sleep(5);
            isOver = true;
        });
        while (!isOver) await sleep(5);
        const closing = lock.close(null);
        held[0]!();
        await closing;
        await working;
        expect(await stored(open.key)).toBeNull();
    });

    it('releases a lock of a pending acquisition on a shared connection, and starts no work', async () => {
        const proxy = await open.faultProxy(server);
        const connection = open.connectionOf(proxy, { request_timeout: 5000 });
        await connection.open(null);
        const descriptor = new Descriptor('pip-services', 'connection', 'memcached', 'default', '1.0');
        const lock = await open.lock([], {}, References.fromTuples(descriptor, connection));
        const { replyFrames } = proxy;
        proxy.begin(holding);
        const work = jest.fn();
        const working = codeOf(lock.withLock(null, open.key, { ttl: 60_000 }, work));
        await proxy.until(now => now.replyFrames > replyFrames);
        const closing = connection.close(null);
        proxy.begin(passing);
        await closing;
        expect(await working).toBe('NOT_OPENED');
        expect(work).not.toHaveBeenCalled();
        expect(await stored(open.key)).toBeNull();
        await connection.open(null);
        await lock.open(null);
        expect(await lock.tryAcquireLock(null, open.key)).toBe(true);
        await lock.releaseLock(null, open.key);
    });

    it('delays the next open', async () => {
        const { lock, proxy } = await lockBehindProxy(open, server, { request_timeout: 5000 });
        const { replyFrames } = proxy;
        proxy.begin(holding);
        const acquiring = codeOf(lock.acquireLock(null, open.key, 60_000));
        await proxy.until(now => now.replyFrames > replyFrames);
        const closing = lock.close(null);
        const opening = lock.open(null);
        proxy.begin(passing);
        await Promise.all([closing, opening]);
        expect(await acquiring).toBe('NOT_OPENED');
        expect(await lock.tryAcquireLock(null, open.key, 60_000)).toBe(true);
        await lock.releaseLock(null, open.key);
    });

    it('rejects an open that waits for an earlier close', async () => {
        const lock = await open.lock(server);
        const closing = lock.close(null);
        const opening = lock.open('trace-1');
        const closingAgain = lock.close(null);
        await expect(opening).rejects.toMatchObject({ code: 'NOT_OPENED', trace_id: 'trace-1' });
        await Promise.all([closing, closingAgain]);
        expect([lock.isOpen(), await codeOf(lock.tryAcquireLock(null, open.key))]).toEqual([false, 'NOT_OPENED']);
    });
});
