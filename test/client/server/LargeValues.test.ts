import { LargeValueWindow } from '../../../src/client/server/LargeValues';
import { LARGE_BYTES, LargeReplies } from '../../../src/client/server/LargeReplies';
import { GetCall, readFetched } from '../../../src/client/calls/getCalls';
import { codeOf } from '../../support/codeOf';
import { useOpener } from '../../support/Opener';

const open = useOpener();
const HALF_MIB = 512 * 1024;
const call = (key: string) => new GetCall(key, readFetched, null);

describe('BulkWindow', () => {
    it('lets two values of half a MiB pass, and the next when one is done, in order', () => {
        const window = new LargeValueWindow();
        const calls = ['a', 'b', 'c', 'd'].map(call);
        expect(calls.map(one => window.tryAdmit(one, HALF_MIB))).toEqual([true, true, false, false]);
        expect(window.release(calls[1]!)).toEqual([calls[2]]);
        expect(window.release(calls[0]!)).toEqual([calls[3]]);
        expect(window.release(calls[2]!)).toEqual([]);
    });

    it('lets one pass that is larger than the window, alone', () => {
        const window = new LargeValueWindow();
        const [huge, other] = [call('a'), call('b')];
        expect(window.tryAdmit(huge, 100 * HALF_MIB)).toBe(true);
        expect(window.tryAdmit(other, LARGE_BYTES)).toBe(false);
        expect(window.release(huge)).toEqual([other]);
    });

    it('does not let a smaller one overtake', () => {
        const window = new LargeValueWindow();
        const [first, second, third] = [call('a'), call('b'), call('c')];
        window.tryAdmit(first, 2 * HALF_MIB);
        expect(window.tryAdmit(second, 2 * HALF_MIB)).toBe(false);
        expect(window.tryAdmit(third, LARGE_BYTES)).toBe(false);
        expect(window.release(first)).toEqual([second, third]);
    });

    it('forgets who has settled while waiting', () => {
        const window = new LargeValueWindow();
        const [first, second, third] = [call('a'), call('b'), call('c')];
        second.promise.catch(() => {});
        [first, second, third].forEach(one => window.tryAdmit(one, 2 * HALF_MIB));
        second.fail(new Error('late'));
        expect(window.release(first)).toEqual([third]);
    });
});

describe('LargeReplies', () => {
    it('remembers large answers until a small one comes, and no more than a thousand', () => {
        const replies = new LargeReplies();
        replies.remember('small', 100);
        replies.remember('', LARGE_BYTES);
        expect(replies.expectedBytes('')).toBe(0);
        replies.remember('large', LARGE_BYTES);
        expect([replies.expectedBytes('small'), replies.expectedBytes('large')]).toEqual([0, LARGE_BYTES]);
        replies.remember('large', 100);
        expect(replies.expectedBytes('large')).toBe(0);
        for (let i = 0; i <= 1000; i++) replies.remember(`key${i}`, LARGE_BYTES);
        expect([replies.expectedBytes('key0'), replies.expectedBytes('key1')]).toEqual([0, LARGE_BYTES]);
    });
});

it('large and small values, hundreds at once, all arrive, over few sockets', async () => {
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

it('calls that wait for the window when the server goes silent settle by their deadline, and the window is free again', async () => {
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

it('a large value that was stored is known to be large when it is asked for', async () => {
    const server = await open.server();
    const client = await open.client(server);
    const saw = jest.spyOn(LargeReplies.prototype, 'remember');
    await client.set('key', Buffer.alloc(200_000));
    const [, bytes] = saw.mock.calls.at(-1)!;
    saw.mockRestore();
    expect(bytes).toBe(200_000);
});
