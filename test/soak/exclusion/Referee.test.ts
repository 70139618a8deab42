import { Referee } from './Referee';

const claim = (referee: Referee, fencingToken: bigint, ...times: bigint[]): void => {
    for (const at of times) referee.claim({ pid: 1, key: 'key', fencingToken, beforeNs: at, afterNs: at + 1n });
};

describe('Referee', () => {
    it('accepts a holder that releases before the next holder acquires', () => {
        const referee = new Referee();
        claim(referee, 1n, 10n, 20n);
        claim(referee, 2n, 30n, 40n);
        expect([referee.overlaps(), referee.disorders(), referee.acquisitions]).toEqual([[], [], 2]);
    });

    it('finds two holders that are certain of the same lock at the same time', () => {
        const referee = new Referee();
        claim(referee, 1n, 10n, 100n);
        claim(referee, 2n, 30n, 40n);
        claim(referee, 3n, 50n, 60n);
        expect(referee.overlaps().length).toBe(2);
        expect(referee.disorders()).toEqual([]);
    });

    it('finds fencing tokens that do not rise', () => {
        const referee = new Referee();
        claim(referee, 2n, 10n, 20n);
        claim(referee, 1n, 30n, 40n);
        expect(referee.overlaps()).toEqual([]);
        expect(referee.disorders().length).toBe(1);
    });

    it('lists the keys whose lock a process has acquired and not released', () => {
        const referee = new Referee();
        claim(referee, 1n, 10n);
        expect(referee.heldBy(1)).toEqual(['key']);
        referee.leave('key', 1n);
        expect(referee.heldBy(1)).toEqual([]);
    });
});
