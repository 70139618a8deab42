import { Session } from '../../src/component/Session';
import { Lease } from '../../src/lock/Lease';
import { Timestamp } from '../../src/lock/LeaseDeadline';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** Creates a lease of 1 s whose requests all fail. `released` records the ttl of each release. */
function failing() {
    const released: number[] = [];
    const failure = (): Promise<never> => Promise.reject(new Error('no answer'));
    const lease = new Lease(
        {
            session: new Session(),
            toTtl: ttl => ttl!,
            store: {
                extend: failure,
                release: (_key, _lock, ttlMs) => {
                    released.push(ttlMs);
                    return failure();
                },
            },
            metrics: { count: () => {}, onLost: () => {}, onReleaseFailed: () => {} },
        },
        null,
        'key',
        'key',
        { token: 't', cas: 1n, epoch: 0, since: new Timestamp(), isUnsettled: false },
        1000,
    );
    return { lease, released };
}

// The server may have carried out an extension that has failed in the client.
describe('a lease after an extension that fails', () => {
    it.each([
        ['longer', 60_000, 60_000],
        ['shorter', 100, 1000],
    ])('is not finished before the server has removed the lock: a %s ttl', async (_, ttlMs, longestMs) => {
        const { lease } = failing();
        await expect(lease.extend(ttlMs)).rejects.toThrow('no answer');
        jest.advanceTimersByTime(longestMs + 4999);
        expect([lease.isHeld(), lease.isFinished]).toEqual([false, false]);
        jest.advanceTimersByTime(2);
        expect(lease.isFinished).toBe(true);
    });

    it('is looked for until the longest ttl is over when its release fails too', async () => {
        const { lease, released } = failing();
        for (const ttlMs of [2000, 60_000, 3000]) await expect(lease.extend(ttlMs)).rejects.toThrow('no answer');
        await expect(lease.release()).rejects.toThrow('no answer');
        expect(released).toEqual([60_000]);
    });
});
