import { countsOf, listOf, type Finding } from './report';

const finding: Finding = { key: 'a', kind: 'undone', value: 1, after: 2, began: 5, ended: 6 };

describe('the report of findings', () => {
    it('counts reads and writes by kind', () => {
        const findings: Finding[] = [finding, { ...finding, began: 7 }, { ...finding, kind: 'vanished', value: null }];
        expect(countsOf(findings)).toBe('2 undone (1 write), 0 repeated, 0 late, 1 vanished (1 write), 0 invented');
    });

    it('lists the first read of each write of the given kinds', () => {
        const findings: Finding[] = [finding, { ...finding, began: 7 }, { ...finding, kind: 'late', value: 3 }];
        expect(listOf(findings, 'undone')).toEqual(['a: 1 undone after 2 (5 to 6)']);
        expect(listOf(findings, 'undone', 'late')).toHaveLength(2);
        expect(listOf(findings, 'invented')).toEqual([]);
    });
});
