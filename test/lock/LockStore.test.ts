import type { Commands } from '../../src/client/Commands';
import { LockStore } from '../../src/lock/LockStore';
import type { OrphanedLocks } from '../../src/lock/OrphanedLocks';

const REQUEST_TIMEOUT_MS = 1000;

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

/** A store on a fake server that takes `ms` for a request, and always finds an orphan. */
function storeOf(ms: number): LockStore {
    const commands = {
        cluster: { homeServer: () => ({ address: 'a:1', epoch: 1, requestTimeoutMs: REQUEST_TIMEOUT_MS }) },
        casAdd: () => pause(ms).then(() => null),
    };
    const orphans = { add: () => {}, deleteNow: () => pause(2 * ms).then(() => true) };
    return new LockStore(
        { commands: commands as unknown as Commands, options: { allowProxy: false } },
        orphans as unknown as OrphanedLocks,
    );
}

describe('an acquisition that finds one orphan after the other', () => {
    it.each([1, 300, 990])('ends within 3.5 request timeouts when a request takes %d ms', async ms => {
        const begun = performance.now();
        const acquiring = storeOf(ms)
            .acquire('key', 10_000)
            .then(lock => [lock, performance.now() - begun]);
        await jest.advanceTimersByTimeAsync(10_000);
        const [lock, tookMs] = await acquiring;
        // A lock that is busy for too long is no fault of the connection.
        expect(lock).toBeNull();
        expect(tookMs).toBeLessThanOrEqual(3.5 * REQUEST_TIMEOUT_MS);
    });
});
