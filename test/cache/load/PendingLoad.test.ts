import type { LoadLease } from '../../../src/cache/load/LoadLease';
import { PendingLoad } from '../../../src/cache/load/PendingLoad';
import { never } from '../loaders';

const late = () => new Error('late');

let isDone: boolean;
let load: PendingLoad;

/**
 * Returns a fake lease, and the record of its releases. A read that returns 'leased' shows this
 * lease.
 */
function leaseOf(): { lease: LoadLease; released: boolean[] } {
    const released: boolean[] = [];
    const lease = {
        isShownBy: (held: unknown) => held === 'leased',
        release: async (hasFailed: boolean) => void released.push(hasFailed),
    };
    return { lease: lease as unknown as LoadLease, released };
}

beforeEach(() => {
    isDone = false;
    load = new PendingLoad(null, () => (isDone = true));
});

describe('a load', () => {
    it('accepts callers while it waits and while its loader runs', async () => {
        expect(load.isPending).toBe(true);
        void load.run(never, 10_000, late).catch(() => {});
        expect([load.isPending, load.isLoading]).toEqual([true, true]);
        const waiting = load.wait(null);
        load.abort(new Error('enough'));
        await expect(waiting).rejects.toThrow('enough');
        expect([load.isPending, load.isLoading, isDone]).toEqual([false, false, true]);
    });

    it('returns its value to callers during the store, unless its lease is gone', async () => {
        const { lease } = leaseOf();
        await load.take(Promise.resolve(lease));
        let finish!: () => void;
        const stored = load.complete('value', () => new Promise<void>(resolve => (finish = resolve)));
        expect(await load.wait(null)).toBe('value');
        expect(['leased', null, undefined].map(held => load.answersFor(held))).toEqual([true, false, true]);
        expect([load.isPending, isDone]).toEqual([false, false]);
        finish();
        await stored;
    });

    it('does not return a null to later callers', async () => {
        const waiting = load.wait(null);
        await load.complete(null, async () => {});
        expect(await waiting).toBeNull();
        expect(isDone).toBe(true);
    });

    it('stores nothing without a lease', async () => {
        await load.complete('value', () => Promise.reject(new Error('must not be called')));
        expect(await load.wait(null)).toBe('value');
    });

    it('returns its value to no caller after it has timed out', () => {
        load.giveUp();
        expect([isDone, load.answersFor(undefined)]).toEqual([true, false]);
    });

    it('aborts when its last caller has aborted', async () => {
        const [one, other] = [new AbortController(), new AbortController()];
        const waiting = [load.wait(one.signal), load.wait(other.signal)];
        one.abort(new Error('one'));
        expect(load.signal.aborted).toBe(false);
        other.abort(new Error('other'));
        expect(load.signal.aborted).toBe(true);
        for (const outcome of waiting) await expect(outcome).rejects.toThrow('other');
    });

    it('continues without callers when a caller has taken the stale value', () => {
        const caller = new AbortController();
        void load.wait(caller.signal);
        load.keepRunning();
        expect(load.hasNoListener).toBe(false);
        caller.abort();
        expect([load.hasNoListener, load.signal.aborted]).toEqual([true, false]);
    });

    it('ignores the result of its loader after the timeout', async () => {
        await expect(load.run(never, 1, late)).rejects.toThrow('late');
        expect(load.signal.aborted).toBe(true);
    });

    it('releases a lease that it gets after close', async () => {
        const { lease, released } = leaseOf();
        let answer!: (lease: LoadLease) => void;
        void load.take(new Promise(resolve => (answer = resolve)));
        const closing = load.close(() => new Error('closed'));
        expect([load.isEnding, isDone]).toEqual([true, true]);
        answer(lease);
        await closing;
        expect(released).toEqual([false]);
    });
});
