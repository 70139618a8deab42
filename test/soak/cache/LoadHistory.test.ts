import { LoadHistory } from './LoadHistory';
import { LONGEST_PAUSE_MS, TIMEOUT_MS } from './plan';

const FRESH_MS = 1000;
const LATER = 10_000;

/**
 * Parses calls of an instance, each with its verb, its value and its times.
 *
 * The verb `w` stores, `f` stores a value that the instance may evict, and `r` retrieves. The verb
 * `l` is a loader, `a` is `retrieveOrLoad`, and `s` is `retrieveOrLoad` with `staleFor`. The verb
 * `S` is like `s` while memcached is unavailable. The verb `x` is a rejected removal. The value `-`
 * is an empty key.
 */
function violations(calls: string[], remembers = true): string[] {
    const history = new LoadHistory(remembers);
    for (const call of calls) {
        const [, by, verb, text, from, to] = /^(\w)\.([wfrlasSx])(\d+|-) (\d+)-(\d+)$/.exec(call)!;
        const value = text === '-' ? null : Number(text);
        const done = { verb: verb!, key: 'key', by: by!, began: Number(from), ended: Number(to) };
        if (verb === 'w' || verb === 'f' || verb === 'x') {
            history.wrote({ ...done, value, isFleeting: verb === 'f' }, verb !== 'x');
        } else if (verb === 'r') history.found({ ...done, value });
        else if (verb === 'l') history.loaded({ ...done, what: 'load', value: value!, freshMs: FRESH_MS });
        else {
            const [takesStale, wasAway] = [verb !== 'a', verb === 'S'];
            history.asks({ ...done, what: 'asked', value, takesStale, wasAway });
        }
    }
    return history.violations().map(({ kind, value, after }) => `${kind} ${value} after ${after}`);
}

describe('LoadHistory', () => {
    it.each<[string, ...string[]]>([
        ['loads a value, stores it and finds it', 'a.l1 1-2', 'a.a1 0-3', 'b.r1 4-5', 'a.a1 6-7'],
        ['misses while it loads', 'a.w1 0-1', 'a.l2 3-9', 'b.r- 4-5', 'a.a2 2-10', 'b.r2 11-12'],
        ['has the stale value while it loads', 'a.l1 0-1', 'b.s1 2000-2001', 'b.l2 2000-2009', 'b.r2 2010-2011'],
        ['joins a load that began before another one removed it', 'a.l1 0-9', 'b.w- 1-2', 'a.a1 3-10', 'a.s1 4-10'],
        ['joins a load that began before another one stored it', 'a.l1 0-9', 'b.w2 1-2', 'a.a1 3-10'],
        ['joins beside a value that may have been removed', 'a.l1 0-9', 'b.w2 1-2', 'c.x- 1-50', 'a.s1 3-10'],
        ['joins beside a value replaced by a fleeting one', 'a.l1 0-9', 'b.w2 1-2', 'c.f3 3-4', 'a.s1 5-10'],
        ['joins an earlier load during its own removal', 'a.l1 0-9', 'a.w- 1-5', 'a.a1 3-10'],
        ['joins while memcached is unavailable', 'a.l1 0-9', 'b.w2 1-2', 'a.S1 3-10'],
        ['has a stale value from memory while memcached is unavailable', 'a.w1 0-1', 'b.w2 2-3', 'a.S1 4-5'],
        ['joins a load that finds a removed value', 'a.w1 0-1', 'b.a1 2-9', 'c.w- 3-4', 'b.a1 5-9'],
    ])('accepts a cache that %s', (_, ...calls) => {
        expect(violations(calls)).toEqual([]);
    });

    it.each<[string, string, ...string[]]>([
        ['a stale value after a store', 'undone 1 after 2', 'a.w1 0-1', 'b.w2 2-3', 'a.s1 4-5'],
        ['a stale value after a removal', 'undone 1 after null', 'a.w1 0-1', 'b.w- 2-3', 'a.s1 4-5'],
        ['a loaded value over a later store', 'late 1 after 2', 'a.l1 0-3', 'b.w2 1-2', 'b.r1 4-5'],
        ['a loaded value over a later removal', 'late 1 after null', 'a.l1 0-3', 'b.w- 1-2', 'b.a1 4-5'],
        ['a value of the origin before it is read', 'invented 1 after null', 'b.r1 0-1', 'a.l1 2-3'],
        ['a join after a removal by the same instance', 'overtaken 1 after null', 'a.l1 0-9', 'a.w- 1-2', 'a.a1 3-10'],
        ['a join over a stored value', 'unread 1 after 2', 'a.l1 0-9', 'b.w2 1-2', 'a.s1 3-10'],
        [
            'a join of a load that is over',
            'late 1 after null',
            'a.l1 0-9',
            `b.w- ${LATER}-${LATER + 1}`,
            `a.a1 ${LATER + 2}-${LATER + 3}`,
        ],
        [
            'a read by another load that is too old to be pending',
            'undone 1 after null',
            'a.w1 0-1',
            `b.a1 2-${LATER}`,
            'c.w- 3-4',
            `b.a1 ${TIMEOUT_MS + LONGEST_PAUSE_MS + 10}-${LATER}`,
        ],
    ])('finds %s', (_, violation, ...calls) => {
        expect(violations(calls)).toEqual([violation]);
    });

    it('finds a stale value from memory with `options.clear`', () => {
        const calls = ['a.w1 0-1', 'b.w2 2-3', 'a.S1 4-5'];
        expect(violations(calls, false)).toEqual(['undone 1 after 2']);
    });
});
