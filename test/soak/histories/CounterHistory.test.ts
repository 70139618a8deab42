import { CounterHistory } from './CounterHistory';

const history = (...counts: [value: number, began: number, ended: number][]): CounterHistory => {
    const all = new CounterHistory();
    for (const [value, began, ended] of counts) all.counted({ value, began, ended });
    return all;
};

describe('The history of a counter', () => {
    it('has nothing against concurrent increments in any order, nor against gaps', () => {
        expect(history([1, 0, 1], [5, 2, 9], [3, 2, 8], [9, 10, 11]).violations()).toEqual([]);
    });

    it('finds a value that is answered twice', () => {
        expect(history([1, 0, 5], [2, 1, 4], [2, 2, 6]).violations()).toEqual(['2 twice']);
    });

    it('finds an answer that is less than an earlier one', () => {
        expect(history([1, 0, 1], [3, 2, 3], [2, 4, 5]).violations()).toEqual(['2 after 3']);
    });

    it('begins anew after a loss, and leaves out counts that overlap it', () => {
        const all = history([7, 0, 1], [8, 2, 6], [1, 4, 9], [1, 10, 11], [2, 12, 13]);
        all.lost({ began: 3, ended: 8 });
        expect(all.violations()).toEqual([]);
        all.counted({ value: 1, began: 14, ended: 15 });
        expect(all.violations()).toEqual(['1 twice']);
    });
});
