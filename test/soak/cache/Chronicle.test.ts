import { Chronicle } from './Chronicle';
import type { Event } from './events';
import { countsOf, storiesOf } from './findings';

const LATER = 60_000;
const SPOKEN = { by: '0.0#0', verb: 'verb' };

const wrote = (key: string, value: number | null, began: number, isDone = true, isFleeting = false): Event => {
    return { ...SPOKEN, what: 'wrote', key, value, began, ended: began + 1, isDone, isFleeting };
};
const found = (key: string, value: number | null, began: number): Event => {
    return { ...SPOKEN, what: 'found', key, value, began, ended: began + 1 };
};
const counted = (key: string, value: number, began: number): Event => {
    return { ...SPOKEN, what: 'counted', key, value, began, ended: began + 1 };
};
const refused = (key: string, value: number, began: number): Event => {
    return { ...SPOKEN, what: 'refused', key, value, began, ended: began + 1 };
};
const cleared = (began: number, isDone = true): Event => {
    return { what: 'cleared', by: '1.0#0', began, ended: began + 2, isDone };
};
const lost = (began: number): Event => ({ what: 'lost', server: 0, began, ended: began + 2 });

function judged(...events: Event[]): string {
    const chronicle = new Chronicle(true);
    chronicle.add(events);
    return countsOf(chronicle.findings());
}

describe('Chronicle', () => {
    it.each<[string, ...Event[]]>([
        ['was cleared', wrote('value:1', 1, 0), cleared(2), found('value:1', null, 5)],
        [
            'was cleared by a clear that was rejected',
            wrote('value:1', 1, 0),
            cleared(2, false),
            found('value:1', null, 9),
        ],
        ['survived a clear that was rejected', wrote('value:1', 1, 0), cleared(2, false), found('value:1', 1, 9)],
        ['was on a server that was restarted', wrote('value:1', 1, 0), lost(2), found('value:1', null, 5)],
        [
            'was on another server than the one that was restarted',
            wrote('value:1', 1, 0),
            lost(2),
            found('value:1', 1, 5),
        ],
        ['was stored during a clear', cleared(1), wrote('value:1', 1, 2), found('value:1', null, 5)],
        ['may be evicted', wrote('value:1', 1, 0, true, true), found('value:1', null, 5)],
        [
            'was stored during a clear by an add that was repeated',
            cleared(1),
            refused('value:1', 1, 2),
            found('value:1', 1, 2),
        ],
    ])('accepts a value that %s', (_, ...events) => {
        expect(judged(...events)).toBe('none');
    });

    it.each<[string, string, ...Event[]]>([
        ['1 value undone', 'a value of before a clear', wrote('value:1', 1, 0), cleared(2), found('value:1', 1, 5)],
        ['1 load undone', 'a value of before a clear', wrote('load:1', 1, 0), cleared(2), found('load:1', 1, 5)],
        ['1 value vanished', 'a store after a clear', cleared(1), wrote('value:1', 1, 4), found('value:1', null, 6)],
        ['1 value vanished', 'a store after a restart', lost(1), wrote('value:1', 1, 4), found('value:1', null, 6)],
        [
            '1 value vanished',
            'a store after a clear whose time is over',
            cleared(1, false),
            wrote('value:1', 1, LATER),
            found('value:1', null, LATER + 2),
        ],
        [
            '1 value late',
            'a rejected store whose time is over',
            wrote('value:1', 1, 0, false),
            wrote('value:1', 2, LATER),
            found('value:1', 1, LATER + 2),
        ],
        ['1 value invented', 'the value of another key', wrote('value:2', 1, 0), found('value:1', 1, 2)],
        ['1 value invented', 'a value that was not added', refused('value:1', 1, 0), found('value:1', 1, 2)],
        ['1 counter twice', 'a count', counted('counter:1', 1, 0), counted('counter:1', 1, 2)],
        ['1 sum gone', 'a sum', counted('sum:1', 1, 0), found('sum:1', null, 2)],
    ])('finds %s: %s', (finding, _, ...events) => {
        expect(judged(...events)).toBe(finding);
    });

    it('restarts counters after a clear and a server restart', () => {
        expect(judged(counted('counter:1', 5, 0), cleared(2), counted('counter:1', 1, 5))).toBe('none');
        expect(judged(counted('counter:1', 5, 0), lost(2), counted('counter:1', 1, 5))).toBe('none');
    });

    it('lists the events of the key around a finding', () => {
        const chronicle = new Chronicle(true);
        chronicle.add([wrote('value:1', 1, 0), cleared(2), found('value:1', 1, 5), found('value:2', null, 5)]);
        expect(storiesOf(chronicle, chronicle.findings())).toEqual([
            [
                'value:1: 1 undone, after null (0.0 … 1.0)',
                '    -5.0 …    -4.0  0.0#0 verb 1',
                '    -3.0 …    -1.0  1.0#0 clear',
                '     0.0 …     1.0  0.0#0 verb → 1',
            ].join('\n'),
        ]);
    });
});
