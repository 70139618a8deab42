import type { Call } from '../../../src/client/calls/Call';
import { StoreCall } from '../../../src/client/calls/storeCalls';
import { LARGE_BYTES } from '../../../src/client/channel/ChannelLoad';
import { LargeValues } from '../../../src/client/server/LargeValues';
import { codeOf } from '../../support/codeOf';
import { useOpener } from '../../support/Opener';

const open = useOpener();
const HALF_MIB = 512 * 1024;

/** Returns a call that stores a value of this size. */
const store = (key: string, bytes: number) =>
    new StoreCall('set', key, { value: Buffer.alloc(bytes), flagBits: 0, expirySeconds: 0 });

describe('LargeValues', () => {
    let admitted: Call<unknown>[];
    let largeValues: LargeValues;

    beforeEach(() => {
        admitted = [];
        largeValues = new LargeValues(call => admitted.push(call));
    });

    it('admits small values regardless of the values in flight, and does not count them', () => {
        const large = store('large', 100 * HALF_MIB);
        const small = store('small', LARGE_BYTES - 1);
        expect([large, small].map(one => largeValues.admit(one))).toEqual([true, true]);
        expect([large.largeBytes, small.largeBytes]).toEqual([100 * HALF_MIB, 0]);
    });

    it('admits two values of half a MiB, then the next values in order as earlier ones end', () => {
        const calls = ['a', 'b', 'c', 'd'].map(key => store(key, HALF_MIB));
        expect(calls.map(one => largeValues.admit(one))).toEqual([true, true, false, false]);
        expect([...largeValues.waiting]).toEqual(calls.slice(2));
        largeValues.done(calls[1]!);
        expect(admitted).toEqual([calls[2]]);
        largeValues.done(calls[0]!);
        expect(admitted).toEqual([calls[2], calls[3]]);
        largeValues.done(calls[2]!);
        largeValues.done(calls[3]!);
        expect(largeValues.admit(store('e', 100 * HALF_MIB))).toBe(true);
    });

    it('admits a single value larger than the window', () => {
        const [huge, other] = [store('a', 100 * HALF_MIB), store('b', LARGE_BYTES)];
        expect([huge, other].map(one => largeValues.admit(one))).toEqual([true, false]);
        largeValues.done(huge);
        expect(admitted).toEqual([other]);
    });

    it('does not let a smaller value overtake a larger one', () => {
        const [first, second] = [store('a', 2 * HALF_MIB), store('b', 2 * HALF_MIB)];
        const third = store('c', LARGE_BYTES);
        expect([first, second, third].map(one => largeValues.admit(one))).toEqual([true, false, false]);
        largeValues.done(first);
        expect(admitted).toEqual([second, third]);
    });

    it('skips calls that have settled while they waited', () => {
        const calls = ['a', 'b', 'c', 'd'].map(key => store(key, 2 * HALF_MIB));
        const [first, second, third] = calls as [StoreCall, StoreCall, StoreCall];
        for (const one of calls) largeValues.admit(one);
        for (const one of [second, third]) {
            one.promise.catch(() => {});
            one.fail(new Error('late'));
        }
        largeValues.dropSettled();
        expect([...largeValues.waiting]).toEqual([calls[3]]);
        largeValues.done(first);
        expect(admitted).toEqual([calls[3]]);
    });

    it('frees the room of a call only once', () => {
        const calls = ['a', 'b', 'c', 'd'].map(key => store(key, HALF_MIB));
        for (const one of calls) largeValues.admit(one);
        largeValues.done(calls[0]!);
        largeValues.done(calls[0]!);
        expect(admitted).toEqual([calls[2]]);
    });

    it('remembers up to a thousand large replies, each until a small reply for its key', () => {
        largeValues.answered('small', 100);
        largeValues.answered('', LARGE_BYTES);
        expect([largeValues.hasSizes, largeValues.expectedBytes('')]).toEqual([false, 0]);
        largeValues.answered('large', LARGE_BYTES);
        expect(largeValues.hasSizes).toBe(true);
        expect(['small', 'large'].map(key => largeValues.expectedBytes(key))).toEqual([0, LARGE_BYTES]);
        largeValues.answered('large', 100);
        expect(largeValues.expectedBytes('large')).toBe(0);
        for (let i = 0; i <= 1000; i++) largeValues.answered(`key${i}`, LARGE_BYTES);
        expect(['key0', 'key1'].map(key => largeValues.expectedBytes(key))).toEqual([0, LARGE_BYTES]);
    });
});

it('transfers hundreds of large and small values at once over few sockets', async () => {
    const server = await open.server({ maxItemBytes: 2 * 1024 * 1024 });
    const client = await open.client(server, { requestTimeoutMs: 10_000 });
    const large = (i: number) => Buffer.alloc(300_000, `value ${i}`);
    const numbers = Array.from({ length: 100 }, (_, i) => i);
    for (let round = 0; round < 3; round++) {
        await Promise.all(
            numbers.flatMap(i => [client.set(`large${i}`, large(i)), client.set(`small${i}`, `value ${i}`)]),
        );
        const got = await Promise.all(numbers.flatMap(i => [client.get(`large${i}`), client.get(`small${i}`)]));
        numbers.forEach(i => {
            expect(got[2 * i]!.value!.equals(large(i))).toBe(true);
            expect(got[2 * i + 1]!.value!.toString()).toBe(`value ${i}`);
        });
    }
    expect(client.socketCount).toBeLessThanOrEqual(5);
});

it('settles calls that wait for the window of a silent server by their deadline, and frees the window', async () => {
    const server = await open.server();
    const client = await open.client(server, { requestTimeoutMs: 300, failures: 100, reconnectMs: 50 });
    const value = Buffer.alloc(HALF_MIB);
    await server.stop();
    const calls = Array.from({ length: 20 }, (_, i) => codeOf(client.set(`key${i}`, value)));
    expect(await Promise.all(calls)).not.toContain('answered true');
    expect(client.pendingCount).toBe(0);
    server.continue();
    const again = await Promise.all(Array.from({ length: 20 }, (_, i) => client.set(`key${i}`, value)));
    expect(again.every(Boolean)).toBe(true);
});

it('remembers the size of a large value from its store', async () => {
    const server = await open.server();
    const client = await open.client(server);
    const saw = jest.spyOn(LargeValues.prototype, 'answered');
    await client.set('key', Buffer.alloc(200_000));
    const [, bytes] = saw.mock.calls.at(-1)!;
    saw.mockRestore();
    expect(bytes).toBe(200_000);
});
