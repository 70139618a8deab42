import { Timeout } from '../../src/util/Timeout';

const LIMIT_MS = 60_000;
const late = () => new Error('late');
const never = new Promise<never>(() => {});

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('Timeout', () => {
    it('rejects only a promise that takes longer than the limit', async () => {
        const limit = new Timeout(LIMIT_MS, late);
        expect(await limit.race(Promise.resolve(1))).toBe(1);
        const racing = limit.race(never);
        jest.advanceTimersByTime(LIMIT_MS - 1);
        limit.check();
        jest.advanceTimersByTime(1);
        await expect(racing).rejects.toThrow('late');
        expect(() => limit.check()).toThrow('late');
        await expect(limit.race(never)).rejects.toThrow('late');
    });

    it('expires early only once, and never after `cancel`', async () => {
        const limit = new Timeout(LIMIT_MS, late);
        const racing = limit.race(never);
        limit.expire(new Error('early'));
        limit.expire(new Error('second'));
        await expect(racing).rejects.toThrow('early');
        expect(() => limit.check()).toThrow('early');
        const lifted = new Timeout(LIMIT_MS, late);
        lifted.cancel();
        jest.advanceTimersByTime(2 * LIMIT_MS);
        lifted.check();
        expect(jest.getTimerCount()).toBe(0);
    });

    it('creates the error when it expires, not before', () => {
        let tries = 0;
        const limit = new Timeout(LIMIT_MS, () => new Error(`after ${tries} tries`));
        tries = 3;
        jest.advanceTimersByTime(LIMIT_MS);
        expect(() => limit.check()).toThrow('after 3 tries');
    });
});
