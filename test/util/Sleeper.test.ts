import { getEventListeners } from 'node:events';
import { MAX_TIMER_MS } from '../../src/util/timers';
import { Sleeper } from '../../src/util/Sleeper';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

function record(sleep: Promise<void>): { isAwake: boolean } {
    const state = { isAwake: false };
    void sleep.then(() => (state.isAwake = true));
    return state;
}

describe('Sleeper', () => {
    it('sleeps for the given time', async () => {
        const state = record(new Sleeper().sleep(1000));
        await jest.advanceTimersByTimeAsync(999);
        expect(state.isAwake).toBe(false);
        await jest.advanceTimersByTimeAsync(1);
        expect(state.isAwake).toBe(true);
    });

    it('does not wake at once for a time beyond the maximum timer delay', async () => {
        const state = record(new Sleeper().sleep(1e15));
        await jest.advanceTimersByTimeAsync(MAX_TIMER_MS - 1);
        expect(state.isAwake).toBe(false);
        await jest.advanceTimersByTimeAsync(1);
        expect(state.isAwake).toBe(true);
    });

    it('wakes when the signal aborts, and leaves neither a timer nor a listener', async () => {
        const { signal, abort } = withAbort();
        const sleeping = new Sleeper().sleep(1000, signal);
        expect(getEventListeners(signal, 'abort').length).toBe(1);
        abort();
        await sleeping;
        expect([jest.getTimerCount(), getEventListeners(signal, 'abort').length]).toEqual([0, 0]);
    });

    it('does not sleep when the signal has aborted', async () => {
        await new Sleeper().sleep(1000, AbortSignal.abort());
        expect(jest.getTimerCount()).toBe(0);
    });

    it('wakes all current sleepers, and no later sleeper', async () => {
        const sleeper = new Sleeper();
        const { signal } = withAbort();
        const sleeping = [sleeper.sleep(1000), sleeper.sleep(2000, signal)];
        sleeper.wakeAll();
        await Promise.all(sleeping);
        expect([jest.getTimerCount(), getEventListeners(signal, 'abort').length]).toEqual([0, 0]);
        const state = record(sleeper.sleep(1000));
        await jest.advanceTimersByTimeAsync(999);
        expect(state.isAwake).toBe(false);
        sleeper.wakeAll();
    });
});

function withAbort(): { signal: AbortSignal; abort: () => void } {
    const controller = new AbortController();
    return { signal: controller.signal, abort: () => controller.abort() };
}
