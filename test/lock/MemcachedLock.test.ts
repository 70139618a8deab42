import { connect } from 'node:net';
import { ConfigParams, Context } from 'pip-services4-components-node';
import { MemoryLock } from 'pip-services4-logic-node';
import { MemcachedClient } from '../../src/client/MemcachedClient';
import { MemcachedLock } from '../../src/lock/MemcachedLock';
import { testLock } from '../support/LockFixture';
import { MemcachedProcess } from '../support/server/MemcachedProcess';
import { closeLocks, codeOf, delay, openLock } from './openLock';

const DAY_MS = 24 * 3600 * 1000;

let server: MemcachedProcess;
let client: MemcachedClient;

beforeAll(async () => {
    server = await MemcachedProcess.start();
    client = new MemcachedClient([server]);
    await client.open();
});

beforeEach(() => client.flush());
afterEach(closeLocks);

afterAll(async () => {
    await client.close();
    await server.end();
});

const stored = async (key: string): Promise<string | null> => (await client.get(key)).value?.toString() ?? null;

describe('MemcachedLock, as an ILock,', () => {
    let one: MemcachedLock;
    let two: MemcachedLock;
    beforeEach(async () => {
        one = (await openLock(server, { retry_timeout: 50 })).lock;
        two = (await openLock(server, { retry_timeout: 50 })).lock;
    });
    testLock(() => one, { other: () => two, lateMs: 2500 });
});

describe('MemoryLock, as an ILock,', () => {
    const lock = new MemoryLock();
    testLock(() => lock);
});

describe('an owner', () => {
    it('that is too late releases and extends nothing of the next one', async () => {
        const { lock: a, warnings } = await openLock(server);
        const { lock: b } = await openLock(server);
        expect(await a.tryAcquireLock(null, 'key', 1)).toBe(true);
        await b.acquireLock(null, 'key', 10_000, 5000);
        const token = await stored('key');

        expect(await a.extendLock(null, 'key', 10_000)).toBe(false);
        await a.releaseLock(null, 'key');
        expect(await stored('key')).toBe(token);
        expect(a.counts).toMatchObject({ acquired: 1, lost: 1, released: 0, extended: 0 });
        expect(warnings.join()).not.toContain(token);
        expect(warnings).toEqual([expect.stringContaining('lock key was over before it was released')]);

        await b.releaseLock(null, 'key');
        expect(await stored('key')).toBeNull();
    });

    it('that is too late loses its lease to another task of its own instance', async () => {
        const { lock } = await openLock(server);
        const first = (await lock.tryAcquireLease(null, 'key', 1))!;
        const second = await lock.acquireLease(null, 'key', 10_000, 5000);
        expect(second.fencingToken).toBeGreaterThan(first.fencingToken);
        await first.release();
        expect(await first.extend()).toBe(false);
        expect([first.isHeld(), second.isHeld()]).toEqual([false, true]);
        expect(await stored('key')).toBe(second.token);
        await second.release();
    });

    it('of a lease keeps it from releaseLock and extendLock', async () => {
        const { lock } = await openLock(server);
        const lease = (await lock.tryAcquireLease(null, 'key', 10_000))!;
        await lock.releaseLock(null, 'key');
        expect(await lock.extendLock(null, 'key', 10_000)).toBe(false);
        expect(await lease.extend()).toBe(true);
        await lease.release();
    });

    it('that took the lock of an expired one in the same instance is not forgotten with it', async () => {
        const { lock } = await openLock(server);
        await lock.acquireLock(null, 'key', 1, 0);
        await lock.acquireLock(null, 'key', 10_000, 5000);
        expect(await lock.extendLock(null, 'key', 20_000)).toBe(true);
        await lock.releaseLock(null, 'key');
        expect(await stored('key')).toBeNull();
    });

    it('does not lose its lock to a reader or to a change of its expiry', async () => {
        const { lock } = await openLock(server);
        await lock.acquireLock(null, 'key', 10_000, 0);
        await client.touch('key', 100);
        await client.getAndTouch('key', 100);
        expect(await client.add('key', 'mine')).toBe(false);
        expect(await lock.extendLock(null, 'key', 10_000)).toBe(true);
        await lock.releaseLock(null, 'key');
        expect(await stored('key')).toBeNull();
    });

    it('does not delete what somebody has put over its lock', async () => {
        const { lock } = await openLock(server);
        await lock.acquireLock(null, 'key', 10_000, 0);
        await client.set('key', 'something else');
        await lock.releaseLock(null, 'key');
        expect(await stored('key')).toBe('something else');
    });

    it('can hold 10,000 keys at once, and none is left behind', async () => {
        const { lock } = await openLock(server, { request_timeout: 5000 });
        const keys = Array.from({ length: 10_000 }, (_, i) => `many:${i}`);
        const taken = await Promise.all(keys.map(key => lock.tryAcquireLock(null, key, 60_000)));
        expect(taken.every(Boolean)).toBe(true);
        const again = await Promise.all(keys.map(key => lock.tryAcquireLock(null, key, 60_000)));
        expect(again.some(Boolean)).toBe(false);
        await Promise.all(keys.map(key => lock.releaseLock(null, key)));
        expect((await client.getMany(keys)).items.size).toBe(0);
        expect(lock.counts).toMatchObject({ acquired: 10_000, busy: 10_000, released: 10_000, lost: 0 });
    });
});

describe('a ttl', () => {
    it.each([
        ['1 ms', 1, 3],
        ['half a ms', 0.5, 3],
        ['1 s', 1000, 3],
        ['1.001 s', 1001, 4],
        ['an hour', 3_600_000, 3602],
        ['29 days', 29 * DAY_MS, 29 * 86_400 + 2],
        ['30 days', 30 * DAY_MS, 30 * 86_400 + 2],
    ])('of %s is kept that long by the server', async (_, ttl, seconds) => {
        const { lock } = await openLock(server);
        expect(await lock.tryAcquireLock(null, 'key', ttl)).toBe(true);
        // The server's own seconds may make one of difference, in what it shows.
        const left = Math.round((await expiryOf('key')) - Date.now() / 1000);
        expect(Math.abs(left - seconds)).toBeLessThanOrEqual(1);
        await lock.releaseLock(null, 'key');
    });

    it('of more than `max_expiration` is refused, not shortened', async () => {
        const { lock } = await openLock(server);
        await expect(lock.tryAcquireLock('trace-1', 'key', 31 * DAY_MS)).rejects.toMatchObject({
            code: 'INVALID_TTL',
            status: 400,
            trace_id: 'trace-1',
        });
        const { lock: patient } = await openLock(server, { max_expiration: 32 * DAY_MS });
        expect(await patient.tryAcquireLock(null, 'key', 31 * DAY_MS)).toBe(true);
        expect(await patient.tryAcquireLock(null, 'key', 31 * DAY_MS)).toBe(false);
        expect(await patient.extendLock(null, 'key', 31 * DAY_MS)).toBe(true);
        const left = (await expiryOf('key')) - Date.now() / 1000;
        expect(Math.abs(left - 31 * 86_400 - 2)).toBeLessThan(2);
        await patient.releaseLock(null, 'key');
    });

    it('beyond the end of memcached’s time is refused', async () => {
        const { lock } = await openLock(server, { max_expiration: Number.MAX_SAFE_INTEGER });
        expect(await codeOf(lock.tryAcquireLock(null, 'key', 0xffffffff * 1000))).toBe('INVALID_TTL');
    });

    it.each([-1, -0.1, NaN, Infinity, -Infinity, '1000', {}, true, 10n])('of %p is INVALID_TTL', async ttl => {
        const { lock } = await openLock(server);
        const bad = ttl as number;
        expect(await codeOf(lock.tryAcquireLock(null, 'key', bad))).toBe('INVALID_TTL');
        expect(await codeOf(lock.acquireLock(null, 'key', bad, 0))).toBe('INVALID_TTL');
        expect(await codeOf(lock.withLock(null, 'key', { ttl: bad }, () => 'worked'))).toBe('INVALID_TTL');
        expect(await stored('key')).toBeNull();
        const lease = (await lock.tryAcquireLease(null, 'key', 1000))!;
        expect(await codeOf(lease.extend(bad))).toBe('INVALID_TTL');
        expect(lease.isHeld()).toBe(true);
        await lease.release();
    });

    it.each([undefined, null, 0])('of %p is `options.timeout`', async ttl => {
        const { lock } = await openLock(server, { timeout: 7000 });
        const lease = (await lock.tryAcquireLease(null, 'key', ttl))!;
        expect(lease.remaining()).toBeGreaterThan(6800);
        expect(lease.remaining()).toBeLessThanOrEqual(7000);
        await lease.release();
    });

    it('when extended without one is the last one again', async () => {
        const { lock } = await openLock(server);
        const lease = (await lock.tryAcquireLease(null, 'key', 5000))!;
        expect(await lease.extend(20_000)).toBe(true);
        expect(lease.remaining()).toBeGreaterThan(19_000);
        expect(await lease.extend(3000)).toBe(true);
        expect(lease.remaining()).toBeLessThanOrEqual(3000);
        expect(await lease.extend()).toBe(true);
        expect(lease.remaining()).toBeLessThanOrEqual(3000);
        await lease.release();
    });
});

describe('waiting', () => {
    it.each([NaN, '100', {}])('with a timeout of %p is INVALID_TTL', async timeout => {
        const { lock } = await openLock(server);
        expect(await codeOf(lock.acquireLock(null, 'key', 1000, timeout as number))).toBe('INVALID_TTL');
    });

    it.each([0, -1, -Infinity])('with a timeout of %p tries once', async timeout => {
        const { lock } = await openLock(server);
        await lock.acquireLock(null, 'key', 10_000, timeout);
        expect(await codeOf(lock.acquireLock(null, 'key', 10_000, timeout))).toBe('LOCK_TIMEOUT');
        expect(lock.counts).toMatchObject({ acquired: 1, busy: 1, timedOut: 1 });
        await lock.releaseLock(null, 'key');
    });

    it('without a timeout lasts as long as the ttl', async () => {
        const { lock } = await openLock(server, { retry_timeout: 20 });
        await lock.acquireLock(null, 'key', 10_000);
        const begun = performance.now();
        expect(await codeOf(lock.acquireLock(null, 'key', 300))).toBe('LOCK_TIMEOUT');
        expect(performance.now() - begun).toBeGreaterThan(295);
        await lock.releaseLock(null, 'key');
    });

    it('for ever is possible, and ends with the holder', async () => {
        const { lock } = await openLock(server, { retry_timeout: 20 });
        await lock.acquireLock(null, 'key', 10_000);
        const waiting = lock.acquireLease(null, 'key', 10_000, Infinity);
        await delay(100);
        await lock.releaseLock(null, 'key');
        expect((await waiting).isHeld()).toBe(true);
    });

    it('tries a last time at the deadline', async () => {
        const { lock } = await openLock(server, { retry_timeout: 1_000_000 });
        await lock.acquireLock(null, 'key', 10_000);
        const waiting = lock.acquireLock(null, 'key', 10_000, 200);
        await delay(50);
        await lock.releaseLock(null, 'key');
        await waiting;
        expect(lock.counts).toMatchObject({ acquired: 2, busy: 1 });
    });

    it('pauses about `retry_timeout` between attempts, never the same', async () => {
        const { lock } = await openLock(server, { retry_timeout: 20 });
        await lock.acquireLock(null, 'key', 10_000);
        await codeOf(lock.acquireLock(null, 'key', 10_000, 600));
        expect(lock.counts.busy).toBeGreaterThan(15);
        expect(lock.counts.busy).toBeLessThan(50);
        await lock.releaseLock(null, 'key');
    });

    it('ends with its signal, and leaves nothing behind', async () => {
        const { lock } = await openLock(server, { retry_timeout: 1_000_000 });
        const holder = await lock.acquireLease(null, 'key', 10_000);
        const { signal, controller, reason } = abortable();
        const waiting = lock.acquireLease('trace', 'key', 10_000, 60_000, { signal });
        const locking = lock.withLock(null, 'key', { timeout: 60_000, signal }, () => 'worked');
        const outcomes = Promise.allSettled([waiting, locking]);
        await delay(50);
        controller.abort(reason);
        expect(await outcomes).toEqual([
            { status: 'rejected', reason },
            { status: 'rejected', reason },
        ]);
        expect(await stored('key')).toBe(holder.token);
        await holder.release();
        expect(await stored('key')).toBeNull();
    });

    it('does not begin when its signal has aborted', async () => {
        const { lock } = await openLock(server);
        const { signal, controller, reason } = abortable();
        controller.abort(reason);
        await expect(lock.acquireLock(null, 'key', 1000, 1000, { signal })).rejects.toBe(reason);
        expect(lock.counts.acquired).toBe(0);
        expect(await stored('key')).toBeNull();
    });

    it('gives back a lock that it got when its signal aborted meanwhile', async () => {
        const { lock } = await openLock(server);
        const { signal, controller, reason } = abortable();
        const waiting = lock.acquireLease(null, 'key', 10_000, 1000, { signal });
        controller.abort(reason);
        await expect(waiting).rejects.toBe(reason);
        expect(await stored('key')).toBeNull();
    });

    it.each([undefined, 'text', null, 0])('rejects with a reason of %p as it is', async reason => {
        const { lock } = await openLock(server);
        const controller = new AbortController();
        controller.abort(reason);
        const outcome = await lock
            .acquireLock(null, 'key', 1, 0, { signal: controller.signal })
            .catch((e: unknown) => e);
        expect(outcome).toBe(controller.signal.reason);
    });

    it('ends when the component is closed', async () => {
        const { lock } = await openLock(server, { retry_timeout: 1_000_000 });
        await lock.acquireLock(null, 'key', 10_000);
        const waiting = codeOf(lock.acquireLock(null, 'key', 10_000, 1_000_000));
        await delay(50);
        await lock.close(null);
        expect(await waiting).toBe('NOT_OPENED');
    });

    function abortable(): { signal: AbortSignal; controller: AbortController; reason: Error } {
        const controller = new AbortController();
        return { controller, signal: controller.signal, reason: new Error('enough') };
    }
});

describe('a lease', () => {
    it('knows how long it is held, a little less than the server', async () => {
        const { lock } = await openLock(server);
        const lease = await lock.acquireLease(null, 'key', 10_000, 0);
        expect(lease).toMatchObject({ key: 'key', token: await stored('key') });
        expect(lease.fencingToken).toBe((await client.gets('key')).cas);
        expect(lease.isHeld()).toBe(true);
        expect(lease.remaining()).toBeGreaterThan(9000);
        expect(lease.remaining()).toBeLessThanOrEqual(9900);
        await lease.release();
        expect([lease.isHeld(), lease.remaining()]).toEqual([false, 0]);
        expect(await stored('key')).toBeNull();
        await lease.release();
        expect(await lease.extend()).toBe(false);
        expect(await stored('key')).toBeNull();
    });

    it('is not held any more when its ttl is over, while the server still has it', async () => {
        const { lock } = await openLock(server);
        const lease = await lock.acquireLease(null, 'key', 200, 0);
        await delay(200);
        expect(lease.isHeld()).toBe(false);
        expect(await stored('key')).toBe(lease.token);
        // Nobody has had it since: it can be had back.
        expect(await lease.extend(10_000)).toBe(true);
        expect(lease.isHeld()).toBe(true);
        await lease.release();
    });

    it.each([
        ['the monotonic clock', performance],
        ['the time of the system, which goes on while the machine is suspended', Date],
    ] as [string, { now(): number }][])('is not held any more when its ttl is over by %s', async (_, clock) => {
        const { lock } = await openLock(server);
        const lease = await lock.acquireLease(null, 'key', 10_000, 0);
        const now = clock.now.bind(clock);
        const spy = jest.spyOn(clock, 'now').mockImplementation(() => now() + 9000);
        expect(lease.isHeld()).toBe(true);
        spy.mockImplementation(() => now() + 9901);
        expect(lease.isHeld()).toBe(false);
        spy.mockRestore();
        await lease.release();
    });

    it('is held as long as before when the time is set back', async () => {
        const { lock } = await openLock(server);
        const lease = await lock.acquireLease(null, 'key', 150, 0);
        const spy = jest.spyOn(Date, 'now').mockReturnValue(Date.now() - 3_600_000);
        await delay(200);
        expect(lease.isHeld()).toBe(false);
        spy.mockRestore();
        await lease.release();
    });

    it.each(['extend', 'release'] as const)('that slept until its connection was gone can still %s', async verb => {
        const { lock } = await openLock(server, { idle: 20 });
        const lease = await lock.acquireLease(null, 'key', 10_000, 0);
        await delay(100);
        await lease[verb]();
        expect(lease.isHeld()).toBe(verb === 'extend');
        await delay(100);
        await lease.release();
        expect(await stored('key')).toBeNull();
        expect(lock.counts).toMatchObject({ released: 1, lost: 0 });
    });

    it('is released at the end of its block', async () => {
        const { lock } = await openLock(server);
        const lease = await lock.acquireLease(null, 'key', 10_000, 0);
        await lease[Symbol.asyncDispose]();
        expect(await stored('key')).toBeNull();
    });

    it('extends and releases one after another, however it is asked to', async () => {
        const { lock } = await openLock(server);
        const lease = await lock.acquireLease(null, 'key', 10_000, 0);
        expect(await Promise.all([lease.extend(), lease.extend(20_000), lease.extend(), lease.extend(5000)])).toEqual([
            true,
            true,
            true,
            true,
        ]);
        const extending = lease.extend();
        const releasing = [lease.release(), lease.release()];
        expect(lease.isHeld()).toBe(false);
        expect(await extending).toBe(false);
        await Promise.all(releasing);
        expect(await lease.extend()).toBe(false);
        expect(await stored('key')).toBeNull();
        expect(lock.counts).toMatchObject({ released: 1, lost: 0 });
    });

    it('of one holder after another has a rising fencing token, also when extended in between', async () => {
        const { lock } = await openLock(server);
        let last = 0n;
        for (let i = 0; i < 50; i++) {
            const lease = await lock.acquireLease(null, 'key', 10_000, 0);
            expect(lease.fencingToken).toBeGreaterThan(last);
            last = lease.fencingToken;
            await lease.extend();
            expect(lease.fencingToken).toBe(last);
            await lease.release();
        }
    });
});

describe('the component', () => {
    it('needs to be open', async () => {
        const lock = new MemcachedLock();
        expect(lock.isOpen()).toBe(false);
        for (const call of [
            lock.tryAcquireLock('trace-1', 'key', 1000),
            lock.acquireLock('trace-1', 'key', 1000, 0),
            lock.withLock('trace-1', 'key', {}, () => 'worked'),
        ]) {
            await expect(call).rejects.toMatchObject({ code: 'NOT_OPENED', trace_id: 'trace-1' });
        }
        await lock.releaseLock(null, 'key');
        await lock.close(null);
    });

    it.each([undefined, null, 'trace', {}, { get: () => undefined }, 7])('takes a context of %p', async context => {
        const { lock } = await openLock(server);
        const any = context as string;
        const reason = await lock.withLock(any, 'key', { ttl: 100 }, async signal => {
            await client.set('key', 'theirs');
            await delay(150);
            return signal.reason as unknown;
        });
        expect(reason).toMatchObject({ code: 'LOCK_LOST' });
        expect(await codeOf(lock.acquireLock(any, 'key', 1000, 0))).toBe('LOCK_TIMEOUT');
    });

    it('puts its prefix before every key, and counts its bytes', async () => {
        const { lock } = await openLock(server, { prefix: 'my:', max_key_size: 10 });
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

    it('keeps what is held when it is closed, and knows it when it is open again', async () => {
        const { lock } = await openLock(server);
        await lock.acquireLock(null, 'key', 10_000, 0);
        const lease = await lock.acquireLease(null, 'other', 10_000, 0);
        await lock.close(null);
        expect(await stored('key')).not.toBeNull();
        expect(lease.isHeld()).toBe(true);
        expect(await codeOf(lease.extend())).toBe('NOT_OPENED');
        expect(await codeOf(lock.releaseLock(null, 'key'))).toBe('NOT_OPENED');

        await lock.open(null);
        expect(await lease.extend()).toBe(true);
        await lease.release();
        await lock.releaseLock(null, 'key');
        expect([await stored('key'), await stored('other')]).toEqual([null, null]);
    });

    it('refuses options that it cannot follow', () => {
        const lock = new MemcachedLock();
        const configure = (): void => lock.configure(ConfigParams.fromTuples('options.retry_timeout', 'soon'));
        expect(configure).toThrow(/options.retry_timeout/);
    });

    it('forgets what expired long ago', async () => {
        const { lock } = await openLock(server);
        const now = performance.now.bind(performance);
        const spy = jest.spyOn(performance, 'now');
        for (let i = 0; i < 1000; i++) await lock.tryAcquireLock(null, `old:${i}`, 1000);
        spy.mockImplementation(() => now() + 60_000);
        for (let i = 0; i < 600; i++) {
            await lock.tryAcquireLock(null, `new:${i}`, 60_000);
            await lock.releaseLock(null, `new:${i}`);
        }
        const { holdings } = lock as unknown as { holdings: { size: number } };
        expect(holdings.size).toBe(0);
        spy.mockRestore();
    });
});

/** In seconds since 1970, as memcached tells it. */
async function expiryOf(key: string): Promise<number> {
    const socket = connect(server.port, server.host);
    socket.write(`mg ${key} t\r\n`);
    const reply = await new Promise<string>(resolve => socket.once('data', chunk => resolve(chunk.toString())));
    socket.destroy();
    return Date.now() / 1000 + Number(/^HD t(\d+)/.exec(reply)![1]);
}
