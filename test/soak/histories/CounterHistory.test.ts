import { CounterHistory } from './CounterHistory';

const history = (...counts: [value: number, began: number, ended: number][]): CounterHistory => {
    const all = new CounterHistory();
    for (const [value, began, ended] of counts) all.counted({ value, began, ended });
    return all;
};

describe('CounterHistory', () => {
    it('accepts concurrent increments in any order, and gaps', () => {
        expect(history([1, 0, 1], [5, 2, 9], [3, 2, 8], [9, 10, 11]).violations()).toEqual([]);
    });

    it('finds a value that two increments return', () => {
        expect(history([1, 0, 5], [2, 1, 4], [2, 2, 6]).violations()).toEqual(['2 twice']);
    });

    it('finds a result that is less than an earlier result', () => {
        expect(history([1, 0, 1], [3, 2, 3], [2, 4, 5]).violations()).toEqual(['2 after 3']);
    });

    it('starts over after a loss, and ignores counts that overlap the loss', () => {
        const all = history([7, 0, 1], [8, 2, 6], [1, 4, 9], [1, 10, 11], [2, 12, 13]);
        all.lost({ began: 3, ended: 8 });
        expect(all.violations()).toEqual([]);
        all.counted({ value: 1, began: 14, ended: 15 });
        expect(all.violations()).toEqual(['1 twice']);
    });

    it('accepts a read that finds the latest, a later or a concurrent count', () => {
        const all = history([1, 0, 1], [2, 2, 3], [3, 5, 9]);
        for (const value of [2, 3]) all.found({ value, began: 4, ended: 8 });
        expect(all.violations()).toEqual([]);
    });

    it.each([
        [1, '1 after 2', 'back'],
        [null, 'null after 2', 'gone'],
    ])('finds a read of %s after 2', (value, text, kind) => {
        const all = history([1, 0, 1], [2, 2, 3]);
        all.found({ value, began: 4, ended: 5 });
        expect(all.violations()).toEqual([text]);
        expect(all.miscounts()).toEqual([{ kind, value, after: 2, began: 4, ended: 5 }]);
    });

    it('finds a count that is less than an earlier result of a read', () => {
        const all = history([3, 6, 7]);
        all.found({ value: 3, began: 4, ended: 5 });
        expect(all.violations()).toEqual(['3 after 3']);
    });

    it('accepts a miss before the first count and after a loss', () => {
        const all = history([1, 2, 3]);
        all.found({ value: null, began: 0, ended: 1 });
        all.found({ value: null, began: 6, ended: 7 });
        all.lost({ began: 4, ended: 5 });
        expect(all.violations()).toEqual([]);
    });
});
