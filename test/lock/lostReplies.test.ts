import { connect } from 'node:net';
import type { MemcachedLock } from '../../src/lock/MemcachedLock';
import { passing, type Fault } from '../support/proxy/FaultProxy';
import { losing, losses, type Point } from '../support/proxy/loseNext';
import { codeOf, delay, openLock } from './openLock';
import { useBrokenConnection } from './brokenConnection';

const ADD = 0x02;
const REPLACE = 0x03;
const DELETE = 0x04;
const GET = 0x00;

const used = useBrokenConnection();

const open = async (options: Record<string, number> = {}): Promise<MemcachedLock> =>
    (await openLock(used.proxy, { request_timeout: 300, retry_timeout: 20, ...options })).lock;

const stored = async (key: string): Promise<string | null> => (await used.client.get(key)).value?.toString() ?? null;

describe.each(losses)('when %s is lost, followed by %s,', (point, end) => {
    it('a lock is acquired all the same, and is ours', async () => {
        const lock = await open();
        used.proxy.begin(losing(ADD, point, end));
        const before = performance.now();
        const lease = await lock.tryAcquireLease(null, 'key', 10_000);
        expect(lease!.isHeld()).toBe(true);
        // Counted from before the first byte.
        expect(lease!.remaining()).toBeLessThanOrEqual(9900 - (end === 'silence' && point !== 'the request' ? 290 : 0));
        expect(performance.now() - before).toBeLessThan(700);
        expect(await stored('key')).toBe(lease!.token);
        expect(lease!.fencingToken).toBe((await used.client.gets('key')).cas);
        expect(await lock.tryAcquireLock(null, 'key', 10_000)).toBe(false);
        await lease!.release();
        expect(await stored('key')).toBeNull();
    });

    it('a lock that somebody holds is busy', async () => {
        const lock = await open();
        await used.client.set('key', 'somebody');
        used.proxy.begin(losing(ADD, point, end));
        expect(await lock.tryAcquireLock(null, 'key', 10_000)).toBe(false);
        expect(await stored('key')).toBe('somebody');
    });

    it('a lock is extended all the same', async () => {
        const lock = await open();
        const lease = (await lock.tryAcquireLease(null, 'key', 10_000))!;
        used.proxy.begin(losing(REPLACE, point, end));
        expect(await lease.extend(60_000)).toBe(true);
        expect(lease.remaining()).toBeGreaterThan(50_000);
        expect(await stored('key')).toBe(lease.token);
        expect(await lease.extend(30_000)).toBe(true);
        await lease.release();
        expect(await stored('key')).toBeNull();
        expect(lock.counts).toMatchObject({ released: 1, lost: 0 });
    });

    it('a lock is released all the same', async () => {
        const lock = await open();
        const lease = (await lock.tryAcquireLease(null, 'key', 10_000))!;
        used.proxy.begin(losing(DELETE, point, end));
        await lease.release();
        expect(await stored('key')).toBeNull();
        expect(lock.counts).toMatchObject({ released: 1, lost: 0, unreleased: 0 });
    });

    it('a release deletes nothing of the one who came after', async () => {
        const lock = await open();
        const lease = (await lock.tryAcquireLease(null, 'key', 10_000))!;
        await used.client.set('key', 'somebody');
        used.proxy.begin(losing(DELETE, point, end));
        await lease.release();
        expect(await stored('key')).toBe('somebody');
    });
});

describe('when the question after a lost reply is lost too,', () => {
    it('an acquisition is an error, and the lock is taken back', async () => {
        const lock = await open({ retries: 0 });
        used.proxy.begin(losingAllAfterFirst(ADD));
        expect(await codeOf(lock.tryAcquireLock(null, 'key', 60_000))).toMatch(/CONNECTION_LOST|TIMEOUT/);
        expect(await stored('key')).not.toBeNull();
        used.proxy.begin(passing);
        while ((await stored('key')) !== null) await delay(20);
        expect(lock.counts).toMatchObject({ acquired: 0, cleaned: 1 });
    });

    it('the next try for the key does not wait for that', async () => {
        const lock = await open({ retries: 0 });
        used.proxy.begin(losingAllAfterFirst(ADD));
        expect(await codeOf(lock.tryAcquireLock(null, 'key', 60_000))).toMatch(/CONNECTION_LOST|TIMEOUT/);
        used.proxy.begin(passing);
        expect(await lock.tryAcquireLock(null, 'key', 60_000)).toBe(true);
        await delay(800);
        expect(await lock.extendLock(null, 'key')).toBe(true);
        await lock.releaseLock(null, 'key');
    });

    it('closing the component takes the lock back', async () => {
        const lock = await open({ retries: 0 });
        used.proxy.begin(losingAllAfterFirst(ADD));
        expect(await codeOf(lock.tryAcquireLock(null, 'key', 60_000))).toMatch(/CONNECTION_LOST|TIMEOUT/);
        used.proxy.begin(passing);
        await lock.close(null);
        expect(await stored('key')).toBeNull();
    });

    it('a release is an error, can be tried again, and is tried again', async () => {
        const lock = await open({ retries: 0 });
        for (const isTriedByUs of [true, false]) {
            await lock.acquireLock(null, 'key', 60_000, 0);
            used.proxy.begin(losingAllAfterFirst(DELETE, 'the request'));
            expect(await codeOf(lock.releaseLock('trace-1', 'key'))).toMatch(/CONNECTION_LOST|TIMEOUT/);
            used.proxy.begin(passing);
            if (isTriedByUs) await lock.releaseLock(null, 'key');
            else while ((await stored('key')) !== null) await delay(20);
            expect(await stored('key')).toBeNull();
        }
        expect(lock.counts).toMatchObject({ unreleased: 2, cleaned: 1 });
        await lock.releaseLock(null, 'key');
    });

    it('an extension is an error, and the lease is what it was', async () => {
        const lock = await open({ retries: 0 });
        const lease = (await lock.tryAcquireLease('trace-1', 'key', 10_000))!;
        used.proxy.begin(losingAllAfterFirst(REPLACE));
        await expect(lease.extend(60_000)).rejects.toMatchObject({ trace_id: 'trace-1' });
        expect(lease.isHeld()).toBe(true);
        expect(lease.remaining()).toBeLessThan(9900);
        used.proxy.begin(passing);
        expect(await lease.extend(60_000)).toBe(true);
        await lease.release();
        expect(await stored('key')).toBeNull();
    });

    it('an extension to less is believed at once', async () => {
        const lock = await open({ retries: 0 });
        const lease = (await lock.tryAcquireLease(null, 'key', 60_000))!;
        used.proxy.begin(losingAllAfterFirst(REPLACE));
        expect(await codeOf(lease.extend(1000))).toMatch(/CONNECTION_LOST|TIMEOUT/);
        expect(lease.remaining()).toBeLessThan(1000);
        used.proxy.begin(passing);
        await lease.release();
    });

    /** The first one reaches the server; after that nothing does. */
    function losingAllAfterFirst(opcode: number, point: Point = 'the reply'): Fault {
        let isOver = false;
        return {
            request(link, chunk) {
                if (!isOver && (point === 'the reply' || chunk[1] !== opcode)) link.toServer(chunk);
                if (chunk[1] === opcode) isOver = true;
            },
            reply(link, frame) {
                if (!isOver) link.toClient(frame);
            },
            mute: true,
        };
    }
});

describe('a request that arrives late', () => {
    /** Holds back the next request with this opcode, as a suspended server does, and closes its connection to the used.client. */
    function delaying(opcode: number): { fault: Fault; deliver: () => void } {
        let deliver: (() => void) | null = null;
        const fault: Fault = {
            request(link, chunk) {
                if (chunk[1] !== opcode || deliver !== null) return link.toServer(chunk);
                deliver = () => {
                    const socket = connect(used.memcached.port, used.memcached.host);
                    socket.end(chunk);
                    socket.resume();
                };
                link.end();
            },
        };
        return { fault, deliver: () => deliver!() };
    }

    it('finds the lock taken by its own successor, and does no harm', async () => {
        const lock = await open();
        const { fault, deliver } = delaying(ADD);
        used.proxy.begin(fault);
        const lease = (await lock.tryAcquireLease(null, 'key', 60_000))!;
        deliver();
        await delay(50);
        expect(await stored('key')).toBe(lease.token);
        expect(await lease.extend()).toBe(true);
        await lease.release();
        expect(await stored('key')).toBeNull();
    });

    it('and makes a lock after everything is over is found and taken back', async () => {
        const lock = await open();
        const { fault, deliver } = delaying(ADD);
        used.proxy.begin(fault);
        const lease = (await lock.tryAcquireLease(null, 'key', 60_000))!;
        await lease.release();
        deliver();
        while ((await stored('key')) === null) await delay(5);
        while ((await stored('key')) !== null) await delay(20);
        expect(lock.counts.cleaned).toBe(1);
    });

    it('and makes a lock after somebody else held it is not taken for the old lease', async () => {
        const lock = await open();
        const { fault, deliver } = delaying(ADD);
        used.proxy.begin(fault);
        const lease = (await lock.tryAcquireLease(null, 'key', 60_000))!;
        // Somebody flushes the server, another one holds the lock for a while, and then the request arrives.
        await used.client.flush();
        await used.client.set('key', 'somebody');
        await used.client.delete('key');
        deliver();
        while ((await stored('key')) === null) await delay(5);
        expect(await lease.extend()).toBe(false);
        expect(lease.isHeld()).toBe(false);
    });

    it('to extend the lock does not outlive its release', async () => {
        const lock = await open();
        const lease = (await lock.tryAcquireLease(null, 'key', 60_000))!;
        const { fault, deliver } = delaying(REPLACE);
        used.proxy.begin(fault);
        expect(await lease.extend()).toBe(true);
        await lease.release();
        deliver();
        await delay(50);
        expect(await stored('key')).toBeNull();
    });

    it('to extend the lock of a lease that was extended again does not bring its short ttl back', async () => {
        const lock = await open();
        const lease = (await lock.tryAcquireLease(null, 'key', 60_000))!;
        const { fault, deliver } = delaying(REPLACE);
        used.proxy.begin(fault);
        expect(await lease.extend(100)).toBe(true);
        expect(await lease.extend(60_000)).toBe(true);
        deliver();
        await delay(50);
        const { cas } = await used.client.gets('key');
        expect(await lease.extend(60_000)).toBe(true);
        expect((await used.client.gets('key')).cas).not.toBe(cas);
        await lease.release();
    });

    it('to release the lock does not release the one of the next holder', async () => {
        const lock = await open();
        await lock.acquireLock(null, 'key', 60_000, 0);
        const { fault, deliver } = delaying(DELETE);
        used.proxy.begin(fault);
        await lock.releaseLock(null, 'key');
        await used.client.add('key', 'somebody');
        deliver();
        await delay(50);
        expect(await stored('key')).toBe('somebody');
    });
});

describe('when memcached is away,', () => {
    const blackHole: Fault = { request() {}, reply() {}, mute: true };

    it.each([
        ['silent', async () => used.proxy.begin(blackHole), 1000],
        ['not listening', async () => used.proxy.refuse(), 700],
    ])('%s, every call is an error, in time', async (_, breaks, withinMs) => {
        const lock = await open();
        const lease = (await lock.tryAcquireLease(null, 'held', 10_000))!;
        await breaks();
        const attempts: [string, () => Promise<unknown>][] = [
            ['tryAcquireLock', () => lock.tryAcquireLock('trace-1', 'key', 1000)],
            ['acquireLock', () => lock.acquireLock('trace-1', 'key', 1000, 60_000)],
            ['withLock', () => lock.withLock('trace-1', 'key', {}, () => 'worked')],
            ['extend', () => lease.extend()],
            ['release', () => lease.release()],
        ];
        for (const [name, attempt] of attempts) {
            const begun = performance.now();
            const error = await attempt().then(
                () => name,
                (reason: Error) => reason,
            );
            expect(error).toMatchObject({ code: expect.stringMatching(/^(TIMEOUT|CONNECTION_LOST|SERVER_DOWN)$/) });
            expect(performance.now() - begun).toBeLessThan(withinMs);
        }
    });

    it('an error ends the waiting; a lock that is free is found when it is back', async () => {
        const lock = await open({ retry: 200 });
        await used.proxy.refuse();
        expect(await codeOf(lock.acquireLock(null, 'key', 1000, 5000))).toMatch(/CONNECTION_LOST|SERVER_DOWN|TIMEOUT/);
        await used.proxy.listenAgain();
        // A server that is down is said at once: without a pause this would never let the probe be answered.
        while ((await codeOf(lock.tryAcquireLock(null, 'key', 1000))) !== true) await delay(5);
        await lock.releaseLock(null, 'key');
    });

    it('reads are tried again, so a reset in between is not noticed', async () => {
        const lock = await open();
        used.proxy.begin(losing(ADD, 'the reply', 'a reset'));
        const taking = lock.tryAcquireLock(null, 'key', 10_000);
        await delay(6);
        used.proxy.begin(losing(GET, 'the reply', 'a reset'));
        expect(await taking).toBe(true);
        await lock.releaseLock(null, 'key');
    });
});
