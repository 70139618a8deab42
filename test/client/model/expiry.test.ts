import { limitExpiry } from '../../../src/client/model/expiry';

const MONTH = 30 * 24 * 3600;
const now = () => Math.floor(Date.now() / 1000);

describe('limitExpiry', () => {
    it('keeps every expiry without a limit', () => {
        for (const seconds of [0, 1, MONTH, now() + 5, 0xffffffff]) expect(limitExpiry(seconds, 0)).toBe(seconds);
    });

    it.each([
        ['none', 0, 60],
        ['a shorter one', 59, 59],
        ['the same', 60, 60],
        ['a longer one', 61, 60],
        ['the longest relative one', MONTH, 60],
        ['the last Unix time', 0xffffffff, 60],
        ['a Unix time of the past', MONTH + 1, MONTH + 1],
    ])('of 60 s makes of %s (%i) %i', (_, seconds, limited) => {
        expect(limitExpiry(seconds, 60)).toBe(limited);
    });

    it('compares a Unix time with the time that is left', () => {
        const soon = now() + 30;
        expect(limitExpiry(soon, 60)).toBe(soon);
        expect(limitExpiry(now() + 90, 60)).toBe(60);
    });
});
